/*
 * The ledger of findings: one entry per rule and place, where the place is the innermost return
 * address inside a driver image. Room for LEDGER_MAX entries is taken at the start, so reporting
 * allocates nothing and is legal at any IRQL. Never judges: those who report have done so.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract_priv.h"
#include "rt_symbol.h"
#include "trace.h"

#define LEDGER_MAX 256
/* finding_report and record stand between the reporter and rt_backtrace. */
#define OWN_FRAMES 2

static struct contract_state *
state_of(const struct rt *rt)
{
    return rt ? rt_slot(rt, RT_SLOT_CONTRACT) : NULL;
}

static void
ledger_lock(struct contract_state *state)
{
    while (atomic_flag_test_and_set_explicit(&state->lock, memory_order_acquire))
        __builtin_ia32_pause();
}

static void
ledger_unlock(struct contract_state *state)
{
    atomic_flag_clear_explicit(&state->lock, memory_order_release);
}

int
finding_init(struct rt *rt)
{
    struct contract_state *state = rt_alloc_zero(rt, sizeof(*state));

    if (!state)
        return -ENOMEM;
    state->findings = rt_alloc_zero(rt, LEDGER_MAX * sizeof(*state->findings));
    state->keys = rt_alloc_zero(rt, LEDGER_MAX * sizeof(*state->keys));
    if (!state->findings || !state->keys) {
        rt_free(rt, state->keys);
        rt_free(rt, state->findings);
        rt_free(rt, state);
        return -ENOMEM;
    }
    rt_slot_set(rt, RT_SLOT_CONTRACT, state);
    return 0;
}

void
finding_finish(struct rt *rt)
{
    struct contract_state *state = state_of(rt);

    if (!state)
        return;
    rt_slot_set(rt, RT_SLOT_CONTRACT, NULL);
    rt_free(rt, state->keys);
    rt_free(rt, state->findings);
    rt_free(rt, state);
}

const char *
finding_rule_name(enum finding_rule rule)
{
    return (unsigned)rule < RULE_COUNT ? finding_rule_rows[rule].name : "unknown";
}

const char *
finding_rule_meaning(enum finding_rule rule)
{
    return (unsigned)rule < RULE_COUNT ? finding_rule_rows[rule].meaning : "";
}

/* A driver that is part of the program has no image of its own: then the reporter, its caller and
 * that one's caller are the place. */
static uint64_t
place_key(enum finding_rule rule, void *const *stack, unsigned count)
{
    uint64_t key = 0xCBF29CE484222325u ^ (uint64_t)rule;
    unsigned i;

    for (i = 0; i < count; i++)
        if (rt_symbol_image_has(stack[i]))
            break;
    if (i < count)
        return (key ^ (uintptr_t)stack[i]) * 0x100000001B3u;
    for (i = 0; i < count && i < 3; i++)
        key = (key ^ (uintptr_t)stack[i]) * 0x100000001B3u;
    return key;
}

/* True when this is the first of its kind; *finding then is complete. */
static bool
enter(struct contract_state *state, struct finding *finding, uint64_t key)
{
    unsigned count, i;
    bool fresh = false;

    ledger_lock(state);
    count = atomic_load_explicit(&state->count, memory_order_relaxed);
    for (i = 0; i < count && state->keys[i] != key; i++)
        ;
    if (i < count) {
        state->findings[i].count++;
    } else if (count < LEDGER_MAX) {
        state->findings[count] = *finding;
        state->keys[count] = key;
        atomic_store_explicit(&state->count, count + 1, memory_order_release);
        fresh = true;
    } else {
        state->dropped++;
    }
    ledger_unlock(state);
    return fresh;
}

static __attribute__((noinline)) void
record(struct rt *rt, enum finding_rule rule, uint32_t request, void *const *other,
       unsigned other_count, const char *format, va_list args)
{
    struct contract_state *state = state_of(rt);
    struct rt_thread *self = rt_self();
    struct finding finding = {.rule = rule, .count = 1, .request = request};

    if (!state || (unsigned)rule >= RULE_COUNT || atomic_load(&state->muted[rule]))
        return;
    finding.time_ns = rt_now_ns(rt);
    finding.irql = rt_irql();
    finding.callback = self && self->frame ? self->frame->callback : 0;
    finding.stack_count = (uint8_t)rt_backtrace(finding.stack, FINDING_STACK_MAX, OWN_FRAMES);
    if (other_count > FINDING_STACK_MAX)
        other_count = FINDING_STACK_MAX;
    if (other)
        memcpy(finding.other, other, other_count * sizeof(*other));
    finding.other_count = other ? (uint8_t)other_count : 0;
    vsnprintf(finding.text, sizeof(finding.text), format, args);

    rt_trace(rt, RT_TRACE_FINDING, rule, 0, request);
    if (enter(state, &finding, place_key(rule, finding.stack, finding.stack_count)) && state->told)
        state->told(state->told_ctx, &finding);
}

__attribute__((noinline)) void
finding_report(struct rt *rt, enum finding_rule rule, uint32_t request, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    record(rt, rule, request, NULL, 0, format, args);
    va_end(args);
}

__attribute__((noinline)) void
finding_report_two(struct rt *rt, enum finding_rule rule, uint32_t request, void *const *other,
                   unsigned other_count, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    record(rt, rule, request, other, other_count, format, args);
    va_end(args);
}

unsigned
finding_count(struct rt *rt)
{
    struct contract_state *state = state_of(rt);

    return state ? atomic_load_explicit(&state->count, memory_order_acquire) : 0;
}

bool
finding_get(struct rt *rt, unsigned index, struct finding *out)
{
    struct contract_state *state = state_of(rt);

    if (index >= finding_count(rt))
        return false;
    ledger_lock(state);
    *out = state->findings[index];
    ledger_unlock(state);
    return true;
}

void
finding_listen(struct rt *rt, void (*told)(void *ctx, const struct finding *finding), void *ctx)
{
    struct contract_state *state = state_of(rt);

    state->told_ctx = ctx;
    state->told = told;
}

void
finding_mute(struct rt *rt, enum finding_rule rule, bool muted)
{
    struct contract_state *state = state_of(rt);

    if (state && (unsigned)rule < RULE_COUNT)
        atomic_store(&state->muted[rule], muted);
}

/* A text that grows; once memory was short it stays NULL. */
struct text {
    char *bytes;
    size_t length, room;
    bool failed;
};

static void RT_PRINTF(2, 3) text_add(struct text *text, const char *format, ...)
{
    char line[512];
    va_list args;
    size_t length;

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    length = strlen(line);
    if (text->length + length + 1 > text->room) {
        size_t room = (text->room + length + 1) * 2;
        char *grown = text->failed ? NULL : realloc(text->bytes, room);

        if (!grown) {
            text->failed = true;
            return;
        }
        text->bytes = grown;
        text->room = room;
    }
    memcpy(text->bytes + text->length, line, length + 1);
    text->length += length;
}

static void
text_add_stack(struct text *text, const char *title, void *const *stack, unsigned count)
{
    struct rt_symbol symbol;

    if (count)
        text_add(text, "  %s:\n", title);
    for (unsigned i = 0; i < count; i++) {
        if (!rt_symbol(stack[i], &symbol))
            text_add(text, "    #%u %p\n", i, stack[i]);
        else if (symbol.file[0])
            text_add(text, "    #%u %s at %s:%u (%s)\n", i, symbol.function, symbol.file,
                     symbol.line, symbol.module);
        else
            text_add(text, "    #%u %s (%s)\n", i, symbol.function, symbol.module);
    }
}

char *
finding_format(struct rt *rt, const struct finding *finding)
{
    struct text text = {0};

    (void)rt;
    text_add(&text, "%s: %s\n  rule: %s\n  in %s at IRQL %u, time %llu.%06llu s",
             finding_rule_name(finding->rule), finding->text, finding_rule_meaning(finding->rule),
             contract_callback_name(finding->callback), finding->irql,
             (unsigned long long)(finding->time_ns / 1000000000u),
             (unsigned long long)(finding->time_ns / 1000u % 1000000u));
    if (finding->request)
        text_add(&text, ", request %u", finding->request);
    if (finding->count > 1)
        text_add(&text, ", %llu times", (unsigned long long)finding->count);
    text_add(&text, "\n");
    text_add_stack(&text, "stack", finding->stack, finding->stack_count);
    text_add_stack(&text, "earlier", finding->other, finding->other_count);
    if (text.failed) {
        free(text.bytes);
        return NULL;
    }
    return text.bytes;
}
