#include "impairment.h"
#include <math.h>

/* Distributions end at so many deviations, as netem's tables do. */
enum { TABLE_SIZE = 4096, MOST_DEVIATIONS = 4 };

const struct impairment no_impairment = {.limit = 1000, .reorder_gap = 1};

/* The standard normal distribution, inverted at the middle of each of TABLE_SIZE steps. */
static double normal_quantile[TABLE_SIZE];

static double invert_normal(double wanted)
{
    double low = -MOST_DEVIATIONS, high = MOST_DEVIATIONS;
    for (int i = 0; i < 40; i++) {
        double middle = (low + high) / 2;
        if (0.5 * erfc(-middle * M_SQRT1_2) < wanted)
            low = middle;
        else
            high = middle;
    }
    return low;
}

void prepare_distributions(void)
{
    for (int i = 0; i < TABLE_SIZE; i++)
        normal_quantile[i] = invert_normal((i + 0.5) / TABLE_SIZE);
}

bool acts_per_packet(const struct impairment *impairment)
{
    return impairment->rate_bps || impairment->loss.model != LOSS_NONE || impairment->reorder_ppb ||
           impairment->duplicate_ppb || impairment->corrupt_ppb;
}

void seed_chance(struct chance *chance, uint64_t seed)
{
    *chance = (struct chance){0};
    seed_dice(&chance->dice, seed);
    chance->last_delay = roll_unit(&chance->dice);
    restart_loss(chance);
}

void restart_loss(struct chance *chance)
{
    chance->last_loss = roll_unit(&chance->dice);
    chance->bad = false;
    chance->since_lost = 0;
}

/* netem's get_crandom: a mean of the last number and a fresh one. That narrows the distribution
 * (correlated loss of 1 % loses less than 1 %); it is kept because netem's users know it so. */
static double draw_correlated(struct dice *dice, double *last, uint32_t correlation_ppb)
{
    double rho = (double)correlation_ppb / CERTAIN_PPB;
    return *last = roll_unit(dice) * (1 - rho) + *last * rho;
}

static bool draw_bernoulli(struct chance *chance, const struct loss *loss)
{
    double drawn = draw_correlated(&chance->dice, &chance->last_loss, loss->correlation_ppb);
    return drawn * CERTAIN_PPB < loss->chance_ppb;
}

static bool draw_gilbert(struct chance *chance, const struct loss *loss)
{
    bool was_bad = chance->bad;
    if (happens(&chance->dice, was_bad ? loss->to_good_ppb : loss->to_bad_ppb))
        chance->bad = !was_bad;
    return happens(&chance->dice, was_bad ? loss->lost_in_bad_ppb : loss->lost_in_good_ppb);
}

bool draw_loss(struct chance *chance, const struct loss *loss)
{
    switch (loss->model) {
    case LOSS_NONE:
        return false;
    case LOSS_BERNOULLI:
        return draw_bernoulli(chance, loss);
    case LOSS_GILBERT:
        return draw_gilbert(chance, loss);
    case LOSS_NTH:
        if (++chance->since_lost < loss->every)
            return false;
        chance->since_lost = 0;
        return true;
    }
    return false;
}

/* As netem: of every `gap` frames one may overtake, and does so with the given probability. */
bool draw_reorder(struct chance *chance, const struct impairment *impairment)
{
    if (!impairment->reorder_ppb)
        return false;
    if (++chance->since_reordered < impairment->reorder_gap)
        return false;
    if (!happens(&chance->dice, impairment->reorder_ppb))
        return false;
    chance->since_reordered = 0;
    return true;
}

/* Pareto with a = 3, moved and scaled to a mean of 0 and a deviation of 1, as iproute2's. */
static double invert_pareto(double wanted)
{
    return fmin((1 / cbrt(1 - wanted) - 1.5) * 4 / 3, MOST_DEVIATIONS);
}

static double invert(enum distribution distribution, double wanted)
{
    double normal = normal_quantile[(int)(wanted * TABLE_SIZE)];
    switch (distribution) {
    case NORMAL:
        return normal;
    case PARETO:
        return invert_pareto(wanted);
    case PARETONORMAL:
        return normal / 4 + invert_pareto(wanted) * 3 / 4;
    default:
        return 2 * wanted - 1;
    }
}

uint64_t longest_delay_ns(const struct impairment *impairment)
{
    return impairment->delay_ns + impairment->jitter_ns * MOST_DEVIATIONS;
}

uint64_t draw_delay_ns(struct chance *chance, const struct impairment *impairment)
{
    if (!impairment->jitter_ns)
        return impairment->delay_ns;
    double drawn = draw_correlated(&chance->dice, &chance->last_delay, impairment->correlation_ppb);
    double delay_ns = (double)impairment->delay_ns +
                      (double)impairment->jitter_ns * invert(impairment->distribution, drawn);
    return delay_ns > 0 ? (uint64_t)delay_ns : 0;
}
