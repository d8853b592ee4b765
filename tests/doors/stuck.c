/*
 * A driver that spins without a poll point is reported in both executors, with its stack, and ends
 * the process with status 70; one that stalls or computes long at PASSIVE is not. A process per
 * case. Run with the folder of faulty.so.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <storport/host.h>
#include <sys/wait.h>
#include <unistd.h>

#define BLOCK_BYTES 512u
#define HANG_S 60u

enum { BLOCKED = 1, WITH_GDB = 2 };

struct trial {
    const char *what;
    enum storport_executor executor;
    unsigned lba;
    unsigned flags;
    const char *expect[5]; /* in the report; none: the read works, nobody is called stuck */
};

#define ABOUT "faulty (adapter 0): stuck callback ("
#define SPIN "faulty_spin "

static const struct trial trials[] = {
    {"StartIo", STORPORT_THREADS, 1006, 0, {ABOUT, "in HwStorStartIo at IRQL 2", "lba 1006", SPIN}},
    {"StartIo", STORPORT_SIM, 1006, 0, {ABOUT, "in HwStorStartIo at IRQL 2", "lba 1006", SPIN}},
    {"DPC", STORPORT_THREADS, 1007, 0, {ABOUT, "in HwStorDpcRoutine at IRQL 2", SPIN}},
    {"DPC", STORPORT_SIM, 1007, 0, {ABOUT, "in HwStorDpcRoutine at IRQL 2", SPIN}},
    {"signals blocked",
     STORPORT_THREADS,
     1006,
     BLOCKED,
     {ABOUT, "its signals are blocked", "in HwStorStartIo at IRQL 2", "lba 1006"}},
    {"debugger",
     STORPORT_THREADS,
     1006,
     WITH_GDB,
     {ABOUT, "stopped for a debugger: gdb -p ", SPIN}},
    {"stall", STORPORT_THREADS, 1008, 0, {0}},
    {"stall", STORPORT_SIM, 1008, 0, {0}},
    {"busy at PASSIVE", STORPORT_THREADS, 1009, 0, {0}},
    {"busy at PASSIVE", STORPORT_SIM, 1009, 0, {0}},
    /* Nobody else can ever run, so that this is stuck too, though later. */
    {"spin at PASSIVE", STORPORT_SIM, 1010, 0, {ABOUT, "at IRQL 0", SPIN}},
};
/* The handlers of a sanitizer come before ours. */
static const struct trial overflow = {
    "overflow in a worker",
    STORPORT_THREADS,
    1011,
    0,
    {"faulty (adapter 0): SIGSEGV", "at IRQL 0", "faulty_overflow"}};

static const char *folder;

/* ThreadSanitizer holds a signal back until the next call into it: the watchdog then speaks itself,
 * and reads what the other thread wrote. */
#ifdef __SANITIZE_THREAD__
static const bool signals_held = true;
const char *__tsan_default_options(void);

__attribute__((visibility("default"))) const char *
__tsan_default_options(void)
{
    return "report_bugs=0";
}
#else
static const bool signals_held = false;
#endif

static void
tell(void *context, const char *text)
{
    (void)context;
    fputs(text, stderr);
}

static void
tell_finding(void *context, const char *rule, const char *text)
{
    (void)context;
    fprintf(stderr, "finding %s: %s\n", rule, text);
}

static void
fail(const char *what, char *error)
{
    fprintf(stderr, "%s: %s\n", what, error ? error : "no text");
    exit(3);
}

static int
trial_run(const struct trial *trial)
{
    struct storport_host_config config = {.size = sizeof(config),
                                          .executor = trial->executor,
                                          .processors = 2,
                                          .watchdog_s = 1,
                                          .gdb = trial->flags & WITH_GDB,
                                          .finding = tell_finding,
                                          .fatal = tell};
    static unsigned char block[BLOCK_BYTES];
    struct storport_driver *driver;
    struct storport_adapter *adapter;
    struct storport_host *host;
    struct storport_unit *unit;
    char path[4096], *error = NULL;
    sigset_t urgent;
    int code;

    snprintf(path, sizeof(path), "%s/faulty.so", folder);
    if (storport_host_create(&config, &host, &error) ||
        storport_driver_load(host, path, &driver, &error) ||
        storport_adapter_add(driver, NULL, 0, &adapter, &error))
        fail("start", error);
    unit = storport_unit_next(host, NULL);
    if (!unit)
        fail("unit", NULL);
    if (trial->flags & BLOCKED) {
        sigemptyset(&urgent);
        sigaddset(&urgent, SIGURG);
        pthread_sigmask(SIG_BLOCK, &urgent, NULL);
    }
    code = storport_read(unit, block, sizeof(block), (uint64_t)trial->lba * BLOCK_BYTES);
    if (code) {
        fprintf(stderr, "read: %s\n", strerror(-code));
        sleep(HANG_S); /* the end comes by itself */
    }
    storport_unit_put(unit);
    storport_host_destroy(host, NULL);
    return code ? 4 : 0;
}

/* Everything that the child said; it is continued when it stops for a debugger. */
static int
child_wait(const struct trial *trial, pid_t child)
{
    int status;

    while (waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status)) {
        if (!(trial->flags & WITH_GDB))
            fprintf(stderr, "%s: it stopped\n", trial->what);
        kill(child, SIGCONT);
    }
    return status;
}

static int
trial_judge(const struct trial *trial, int status, const char *said)
{
    const char *executor = trial->executor == STORPORT_SIM ? "sim" : "threads";
    bool held = signals_held || trial->flags & BLOCKED;
    bool bad =
        !WIFEXITED(status) || WEXITSTATUS(status) != (trial->expect[0] ? STORPORT_EXIT_FATAL : 0);

    for (unsigned i = 0; i < 5 && trial->expect[i]; i++)
        bad |= !(held && !strcmp(trial->expect[i], SPIN)) && !strstr(said, trial->expect[i]);
    /* A caller under threads gets an answer before the end, if a signal can take it out of the driver. */
    if (trial->expect[0] && trial->executor == STORPORT_THREADS && !held)
        bad |= !strstr(said, "read: Input/output error");
    if (!trial->expect[0])
        bad |= strstr(said, ABOUT) != NULL;
    if (bad)
        fprintf(stderr, "FAIL: %s, %s: status 0x%x, said: %s\n", trial->what, executor, status,
                said);
    return bad;
}

static int
trial_all(const struct trial *trial)
{
    static char said[65536];
    size_t length;
    FILE *file = tmpfile();
    pid_t child = file ? fork() : -1;
    int status;

    if (child < 0)
        fail("fork", NULL);
    if (!child) {
        alarm(HANG_S);
        dup2(fileno(file), 2);
        exit(trial_run(trial));
    }
    status = child_wait(trial, child);
    rewind(file);
    length = fread(said, 1, sizeof(said) - 1, file);
    said[length] = 0;
    fclose(file);
    return trial_judge(trial, status, said);
}

int
main(int argc, char **argv)
{
    int failures = 0;

    if (argc < 2)
        return 2;
    folder = argv[1];
    for (size_t i = 0; i < sizeof(trials) / sizeof(*trials); i++)
        failures += trial_all(&trials[i]);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    failures += trial_all(&overflow);
#else
    (void)overflow;
#endif
    return failures != 0;
}
