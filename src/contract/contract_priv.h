/* Shared by contract.c, finding.c and what generate.py writes. */
#ifndef CONTRACT_PRIV_H
#define CONTRACT_PRIV_H

#include "contract.h"
#include "finding.h"

struct finding_rule_row {
    const char *name;
    const char *family;
    const char *meaning;
};

extern const struct contract_row contract_rows[CONTRACT_COUNT];
extern const uint8_t contract_callback_rules[CONTRACT_COUNT];
extern const struct finding_rule_row finding_rule_rows[RULE_COUNT];
extern const char *const contract_callback_names[CALLBACK_COUNT];

/* What the floor keeps per host, in RT_SLOT_CONTRACT. Key: a atomic, l lock, I immutable */
struct contract_state {
    /* A leaf: nothing is called while it is held. No rt_word: those who read the ledger need not be
     * threads of rt, and under sim nobody can be switched away while holding it. */
    atomic_flag lock;
    struct finding *findings;                               /* l */
    uint64_t *keys;                                         /* l: rule and place of each */
    _Atomic unsigned count;                                 /* a: published entries */
    uint64_t dropped;                                       /* l: new ones that found no room */
    void (*told)(void *ctx, const struct finding *finding); /* I once running */
    void *told_ctx;
    atomic_bool muted[RULE_COUNT];       /* a */
    atomic_bool missing[CONTRACT_COUNT]; /* a: logged already */
};

#endif
