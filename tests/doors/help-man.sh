#!/bin/bash
# Every option that --help prints is in the man page under its command, and the other way round; the
# plugin's parameters likewise.
. "$(dirname -- "$0")/door.sh"

page=$top/man/storport.1
common=$(sed -n '/^\.Ss Options of run, info and scsi/,/^\.S[sh] /p' "$page" |
    sed -n 's/^\.It Fl -\([a-z-]*\).*/\1/p')
failed=0
for command in run info scsi replay api; do
    # Without the scenario there is no replay; its options are then nobody's.
    "$storport" "$command" --help >"$scratch/help" 2>/dev/null || {
        [ "$command" = replay ] || die "$command --help fails"
        continue
    }
    sed -n 's/^  --\([a-z-]*\).*/\1/p' "$scratch/help" | grep -vx help | sort >"$scratch/has"
    {
        case "$command" in run | info | scsi) printf '%s\n' "$common" ;; esac
        sed -n "/^\\.Ss Options of $command\$/,/^\\.S[sh] [^O]\\|^\\.Ss Options of [^$command]/p" "$page" |
            awk -v head=".Ss Options of $command" '$0 == head { on = 1; next } /^\.S[sh] / { on = 0 }
                on && /^\.It Fl -/ { sub(/^-/, "", $3); print $3 }'
    } | sort >"$scratch/says"
    [ -s "$scratch/has" ] || die "$command --help lists no option"
    diff -u --label "man page, $command" --label "--help, $command" "$scratch/says" "$scratch/has" ||
        failed=1
done

if command -v nbdkit >/dev/null && [ -e "$plugin" ]; then
    nbdkit "$plugin" --help | sed -n 's/^\([a-z-]*\)=<.*/\1/p' | sort >"$scratch/has"
    sed -n 's/^\.It Cm \([a-z-]*\)=.*/\1/p' "$top/man/nbdkit-storport-plugin.1" | sort >"$scratch/says"
    [ "$(wc -l <"$scratch/has")" -ge 9 ] || die "the plugin's help lists too little"
    diff -u "$scratch/says" "$scratch/has" || failed=1
fi

# Exit statuses and commands are named too.
for word in run info scsi replay api; do
    grep -q "^\\.Cm $word" "$page" || die "the man page does not show $word"
done
grep -q '^\.It 70' "$page" || die "the man page does not name status 70"
exit "$failed"
