#!/bin/bash
# Man pages are sound mdoc: mandoc has nothing to say at the level of warnings.
. "$(dirname -- "$0")/door.sh"
need mandoc

count=0
for page in "$top"/man/*.[0-9] "$top"/drivers/*/*.[0-9]; do
    [ -e "$page" ] || continue
    count=$((count + 1))
    # References to pages of programs that are not installed here are no fault of the page.
    mandoc -T lint -W warning "$page" >"$scratch/said" 2>&1 || true
    ! grep -v 'referenced manual not found' "$scratch/said" || die "$page"
done
[ "$count" -ge 3 ] || die "only $count pages"
