/*
 * When a driver faults: signals that its code raised, and what rt reports (bugcheck, deadlock,
 * stuck callback). The report goes to the host's `fatal`; callers waiting for I/O get -EIO; the
 * process ends with STORPORT_EXIT_FATAL. Signals that strike outside any driver are not ours: they
 * go on to whoever had them before.
 */
#include "fault.h"

#include "rt_symbol.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

/* Time for other threads to give their clients an answer. */
#define GRACE_US 400000u
/* A report that hangs (a lock of malloc held by broken code) is cut off. */
#define REPORT_SECONDS_MAX 10u

static const int fault_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
#define FAULT_SIGNAL_COUNT (sizeof(fault_signals) / sizeof(*fault_signals))

static pthread_mutex_t install_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned install_count;
static struct sigaction before[FAULT_SIGNAL_COUNT];

static __thread sigjmp_buf *escape_here;

/* The one fault that is being reported. */
static atomic_flag reporting = ATOMIC_FLAG_INIT;
static __thread bool reporting_here;
static struct storport_host *reported_host;
static char reported_brief[256];
static void *reported_stack[FAULT_STACK_MAX];

sigjmp_buf *
fault_escape_set(sigjmp_buf *escape)
{
    sigjmp_buf *old = escape_here;

    escape_here = escape;
    return old;
}

/* ---- the end ------------------------------------------------------------------------------ */

static void
told(struct storport_host *host, const char *text)
{
    if (host->config.fatal)
        host->config.fatal(host->config.context, text);
}

static void
report_overdue(int signal)
{
    (void)signal;
    told(reported_host, reported_brief);
    _exit(STORPORT_EXIT_FATAL);
}

static void *
end_soon(void *unused)
{
    (void)unused;
    usleep(GRACE_US);
    _exit(STORPORT_EXIT_FATAL);
}

/* Everyone who waits gets an answer, the caller through its escape; then the process ends. */
static _Noreturn void
end(struct storport_host *host)
{
    sigjmp_buf *escape = escape_here;
    pthread_t ender;

    atomic_store(&host->dead, true);
    if (host->config.executor == STORPORT_SIM)
        _exit(STORPORT_EXIT_FATAL);
    if (escape && !pthread_create(&ender, NULL, end_soon, NULL)) {
        escape_here = NULL;
        siglongjmp(*escape, 1);
    }
    usleep(GRACE_US);
    _exit(STORPORT_EXIT_FATAL);
}

static void
stop_for_debugger(struct storport_host *host)
{
    char text[96];

    if (!host->config.gdb)
        return;
    snprintf(text, sizeof(text), "stopped for a debugger: gdb -p %d\n", (int)getpid());
    told(host, text);
    raise(SIGSTOP);
}

/* The stack from where the fault struck; context NULL: from here. */
static void
stack_take(struct fault *fault, const ucontext_t *context)
{
    fault->stack = reported_stack;
#if defined(__x86_64__)
    if (context) {
        const greg_t *registers = context->uc_mcontext.gregs;
        fault->stack_count = rt_backtrace_from(
            (void *)registers[REG_RIP], (void *)registers[REG_RBP], fault->stack, FAULT_STACK_MAX);
        return;
    }
#elif defined(__aarch64__)
    if (context) {
        fault->stack_count =
            rt_backtrace_from((void *)context->uc_mcontext.pc,
                              (void *)context->uc_mcontext.regs[29], fault->stack, FAULT_STACK_MAX);
        return;
    }
#endif
    /* Without report, fault_bug and rt_bug. */
    fault->stack_count = rt_backtrace(fault->stack, FAULT_STACK_MAX, 3);
}

static _Noreturn void
report(struct storport_host *host, struct fault *fault, const ucontext_t *context)
{
    struct sigaction overdue = {.sa_handler = report_overdue};
    char *text;

    if (reporting_here)
        report_overdue(0); /* the report itself faulted */
    if (atomic_flag_test_and_set(&reporting)) {
        /* The first to fault reports; others wait for the end that it brings. */
        sleep(REPORT_SECONDS_MAX);
        _exit(STORPORT_EXIT_FATAL);
    }
    reporting_here = true;
    stack_take(fault, context);
    fault_brief(host, fault, reported_brief, sizeof(reported_brief));
    reported_host = host;
    sigaction(SIGALRM, &overdue, NULL);
    alarm(REPORT_SECONDS_MAX);
    text = fault_text(host, fault);
    told(host, text ? text : reported_brief);
    alarm(0);
    stop_for_debugger(host);
    end(host);
}

/* ---- from rt ------------------------------------------------------------------------------ */

void
fault_bug(void *context, enum rt_bug bug, const char *text)
{
    struct fault fault = {.what = text, .thread = rt_self()};

    (void)bug;
    report(context, &fault, rt_interrupted());
}

/* ---- from signals ------------------------------------------------------------------------- */

static void
pass_on(int signal, siginfo_t *info, void *context)
{
    for (size_t i = 0; i < FAULT_SIGNAL_COUNT; i++) {
        if (fault_signals[i] != signal)
            continue;
        if (before[i].sa_flags & SA_SIGINFO) {
            before[i].sa_sigaction(signal, info, context);
        } else if (before[i].sa_handler != SIG_DFL && before[i].sa_handler != SIG_IGN) {
            before[i].sa_handler(signal);
        } else {
            /* Returning runs the faulting instruction again, now with the default action. */
            sigaction(signal, &before[i], NULL);
            if (signal == SIGABRT)
                raise(signal);
        }
    }
}

static void
on_signal(int signal, siginfo_t *info, void *context)
{
    struct rt_thread *self = rt_self();
    struct storport_host *host = self ? rt_owner(self->rt) : NULL;
    struct fault fault = {.thread = self};
    char what[96];

    if (!host || !self->frame) {
        pass_on(signal, info, context);
        return;
    }
    if (signal == SIGABRT)
        snprintf(what, sizeof(what), "SIGABRT");
    else
        snprintf(what, sizeof(what), "SIG%s at address %p", sigabbrev_np(signal), info->si_addr);
    fault.what = what;
    report(host, &fault, context);
}

/* A sanitizer has better handlers than ours. */
static bool
sanitizer_is_there(void)
{
    return dlsym(RTLD_DEFAULT, "__asan_init") || dlsym(RTLD_DEFAULT, "__tsan_init");
}

void
fault_install(void)
{
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};

    pthread_mutex_lock(&install_lock);
    if (!install_count++ && !sanitizer_is_there())
        for (size_t i = 0; i < FAULT_SIGNAL_COUNT; i++)
            sigaction(fault_signals[i], &action, &before[i]);
    pthread_mutex_unlock(&install_lock);
}

void
fault_remove(void)
{
    pthread_mutex_lock(&install_lock);
    if (!--install_count && !sanitizer_is_there())
        for (size_t i = 0; i < FAULT_SIGNAL_COUNT; i++)
            sigaction(fault_signals[i], &before[i], NULL);
    pthread_mutex_unlock(&install_lock);
}
