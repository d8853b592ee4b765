"""Nothing above rt reads a clock, starts a thread, takes a pthread lock, sleeps or draws a random
number, and nothing below doors prints or exits: what the objects of each floor ask of libc is read
with nm from the libraries of a build. usage: purity.py TREE [BUILD-FOLDER]"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import house

TIME = re.compile(r"^(clock_\w+|gettimeofday|time|times|nanosleep|usleep|sleep|timer_(create|settime|gettime|delete)|timerfd_\w+|setitimer|"
                  r"alarm|pthread_\w+|thrd_\w+|mtx_\w+|cnd_\w+|rand|rand_r|random|srand\w*|[dejlmn]rand48|"
                  r"getrandom|getentropy|arc4random\w*|sched_yield|fork|vfork|clone)$")
# Writing into a stream of one's own (open_memstream) is no speaking; naming stdout or stderr is.
SPEAK = re.compile(r"^(printf|puts|putchar|vprintf|__v?printf_chk|perror|syslog|v?dprintf|stdout|stderr|"
                   r"exit|_exit|_Exit|quick_exit|v?errx?|v?warnx?)$")
# rt may say on stderr why it aborts when nobody listens for bugs; otherwise it is as mute as the rest.
MUTE = re.compile(r"^(printf|puts|putchar|vprintf|__printf_chk|stdout|exit|_exit|_Exit|quick_exit)$")
# floor → what it may not ask for. Host and doors are for people: they speak and end the process.
RULES = {"rt": [MUTE],
         "contract": [TIME, SPEAK], "nt": [TIME, SPEAK], "hw": [TIME, SPEAK], "scsi": [TIME, SPEAK],
         "port": [TIME, SPEAK], "image": [TIME, SPEAK], "disk": [TIME, SPEAK]}


def undefined(path):
    """(object, symbol) that the archive leaves to others."""
    out = subprocess.run(["nm", "-A", "--undefined-only", path], check=True, stdout=subprocess.PIPE,
                         text=True).stdout
    for line in out.splitlines():
        left, _, symbol = line.rpartition(" U ")
        if left:
            yield left.split(":")[-2], symbol.strip().split("@")[0]


def check_archive(path, floor):
    complaints = []
    for source, symbol in undefined(path):
        if any(rule.match(symbol) for rule in RULES[floor]):
            complaints.append(f"src/{floor}/{source}: asks libc for {symbol}")
    return complaints


def archive_of(code, folder):
    source, built = os.path.join(folder, "a.c"), os.path.join(folder, "a.o")
    with open(source, "w", encoding="utf-8") as file:
        file.write(code)
    subprocess.run(["cc", "-c", "-o", built, source], check=True)
    archive = os.path.join(folder, "libsp_port.a")
    if os.path.exists(archive):
        os.unlink(archive)
    subprocess.run(["ar", "rc", archive, built], check=True)
    return archive


PLANTED = ["#include <time.h>\nvoid f(void){struct timespec t;clock_gettime(0,&t);}",
           "#include <unistd.h>\nvoid f(void){usleep(1);}",
           "#include <pthread.h>\nvoid f(pthread_mutex_t*m){pthread_mutex_lock(m);}",
           "#include <stdlib.h>\nint f(void){return rand();}",
           "#include <stdio.h>\nvoid f(int a){printf(\"%d\",a);}",
           "#include <stdio.h>\nvoid f(int a){fprintf(stderr,\"%d\",a);}",
           "#include <stdlib.h>\nvoid f(void){exit(1);}"]


def main():
    build = sys.argv[2] if len(sys.argv) > 2 else os.path.join(sys.argv[1], "build")
    if not shutil.which("nm") or not shutil.which("cc"):
        print("no nm or cc here")
        sys.exit(house.SKIP)
    with tempfile.TemporaryDirectory() as folder:
        if check_archive(archive_of("#include <string.h>\nint f(char*a){return (int)strlen(a);}", folder), "port"):
            sys.exit("the check complains of code that is right")
        for code in PLANTED:
            if not check_archive(archive_of(code, folder), "port"):
                sys.exit(f"the check does not see a planted fault: {code}")
    complaints, seen = [], 0
    for folder, _, files in os.walk(build):
        for name in files:
            match = re.match(r"libsp_(\w+)\.a$", name)
            if match and match.group(1) in RULES:
                complaints += check_archive(os.path.join(folder, name), match.group(1))
                seen += 1
    if not seen:
        sys.exit(f"{build} holds no library of a floor")
    for complaint in sorted(set(complaints)):
        print(complaint)
    print(f"purity.py: {len(PLANTED)} planted faults seen, {seen} floors, {len(complaints)} complaints")
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
