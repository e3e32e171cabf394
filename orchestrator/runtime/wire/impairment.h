/* What a direction does to its frames, and the chance behind it. Names and formulas are netem's
 * (tc-netem(8)) wherever it has one, so that both backends give the same results. */
#pragma once
#include "random.h"

enum distribution { UNIFORM, NORMAL, PARETO, PARETONORMAL, DISTRIBUTIONS };

enum loss_model { LOSS_NONE, LOSS_BERNOULLI, LOSS_GILBERT, LOSS_NTH };

struct loss {
    enum loss_model model;
    uint32_t chance_ppb, correlation_ppb;       /* Bernoulli */
    uint32_t to_bad_ppb, to_good_ppb;           /* Gilbert-Elliott: p and r, */
    uint32_t lost_in_good_ppb, lost_in_bad_ppb; /* 1 - k and 1 - h */
    uint32_t every;                             /* the n-th */
};

struct impairment {
    uint64_t delay_ns, jitter_ns;
    enum distribution distribution;
    uint32_t correlation_ppb;
    struct loss loss;
    uint32_t reorder_ppb, reorder_gap;
    uint32_t duplicate_ppb, corrupt_ppb;
    uint64_t rate_bps; /* 0 is as fast as it goes */
    uint64_t limit;    /* of the queue before the rate shaper, */
    bool limits_bytes; /* in bytes or in packets */
    bool offload_off;  /* never super-frames, nor checksums left to do */
    bool blackhole;
};

/* The state of one direction's random processes. */
struct chance {
    struct dice dice;
    double last_delay, last_loss; /* the correlated uniform numbers drawn before, 0 to 1 */
    bool bad;                     /* Gilbert-Elliott's state */
    uint32_t since_lost;          /* frames, for the n-th */
    uint32_t since_reordered;
};

extern const struct impairment no_impairment;

void prepare_distributions(void);
bool acts_per_packet(const struct impairment *impairment);

void seed_chance(struct chance *chance, uint64_t seed);
/* Forget where a loss process stood; called when its model changes. */
void restart_loss(struct chance *chance);
bool draw_loss(struct chance *chance, const struct loss *loss);
bool draw_reorder(struct chance *chance, const struct impairment *impairment);
uint64_t longest_delay_ns(const struct impairment *impairment);
uint64_t draw_delay_ns(struct chance *chance, const struct impairment *impairment);
