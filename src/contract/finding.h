/*
 * Findings: rules that a miniport (or the port itself) broke, each once per rule and place, with
 * callback, IRQL and stack. Reporting is legal at any IRQL and never blocks; reading is for
 * PASSIVE.
 */
#ifndef FINDING_H
#define FINDING_H

#include "rt.h"
#include "finding_rules.h" /* generated from rules.tbl: enum finding_rule { RULE_StorPortIrql, … } */

#define FINDING_STACK_MAX 16

struct finding {
    enum finding_rule rule;
    uint64_t count;
    uint64_t time_ns;
    uint32_t request; /* 0: none */
    uint16_t callback;
    uint8_t irql;
    uint8_t stack_count;
    void *stack[FINDING_STACK_MAX];
    void *other[FINDING_STACK_MAX]; /* a second stack, such as the first completion of two */
    uint8_t other_count;
    char text[240];
};

const char *finding_rule_name(enum finding_rule rule);
const char *finding_rule_meaning(enum finding_rule rule);

void finding_report(struct rt *rt, enum finding_rule rule, uint32_t request, const char *format,
                    ...) RT_PRINTF(4, 5);
/* The same with a second stack taken earlier. */
void finding_report_two(struct rt *rt, enum finding_rule rule, uint32_t request, void *const *other,
                        unsigned other_count, const char *format, ...) RT_PRINTF(6, 7);

unsigned finding_count(struct rt *rt);
bool finding_get(struct rt *rt, unsigned index, struct finding *out);
/* Told of each new finding, at PASSIVE or wherever it happened: must not block. */
void finding_listen(struct rt *rt, void (*told)(void *ctx, const struct finding *finding),
                    void *ctx);
/* Rules switched off (they are counted no longer). */
void finding_mute(struct rt *rt, enum finding_rule rule, bool muted);
/* Several lines for people: rule, meaning, text, stacks with file and line. Heap; the caller
 * frees. */
char *finding_format(struct rt *rt, const struct finding *finding);

int finding_init(struct rt *rt);
void finding_finish(struct rt *rt);

#endif
