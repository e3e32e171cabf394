#include "settings.h"
#include <inttypes.h>
#include <string.h>

#define MINUTE_NS 60000000000ull
#define FASTEST_BPS 100000000000ull

enum { SLOWEST_BPS = 1000, MOST_PACKETS = 1000000, MOST_BYTES = 1 << 30, LONGEST_SETTING = 127 };

static const char *const distributions[] = {"uniform", "normal", "pareto", "paretonormal", NULL};
static const char *const models[] = {"none", "bernoulli", "gilbert", "nth", NULL};
static const char *const limits[] = {"packets", "bytes", NULL};
static const char *const switches[] = {"off", "auto", NULL};

/* ---- readers, one for each kind of value ------------------------------------------------- */

typedef bool reader(struct impairment *, const char *key, char *value, struct complaint *);

static bool read_whole(const char *key, const char *value, uint64_t most, uint64_t *number,
                       struct complaint *complaint)
{
    return read_number(key, value, 0, most, number, complaint);
}

static bool read_ppb(const char *key, const char *value, uint32_t *ppb, struct complaint *complaint)
{
    uint64_t number = 0;
    bool is_read = read_whole(key, value, CERTAIN_PPB, &number, complaint);
    *ppb = (uint32_t)number;
    return is_read;
}

static bool read_delay(struct impairment *to, const char *key, char *value, struct complaint *c)
{
    return read_whole(key, value, MINUTE_NS, &to->delay_ns, c);
}

static bool read_jitter(struct impairment *to, const char *key, char *value, struct complaint *c)
{
    return read_whole(key, value, MINUTE_NS, &to->jitter_ns, c);
}

static bool read_distribution(struct impairment *to, const char *key, char *value,
                              struct complaint *c)
{
    int found = find_word(key, value, distributions, c);
    to->distribution = (enum distribution)found;
    return found >= 0;
}

static bool read_correlation(struct impairment *to, const char *key, char *value,
                             struct complaint *c)
{
    return read_ppb(key, value, &to->correlation_ppb, c);
}

static bool read_reorder(struct impairment *to, const char *key, char *value, struct complaint *c)
{
    return read_ppb(key, value, &to->reorder_ppb, c);
}

static bool read_gap(struct impairment *to, const char *key, char *value, struct complaint *c)
{
    uint64_t gap = 0;
    bool is_read = read_number(key, value, 1, MOST_PACKETS, &gap, c);
    to->reorder_gap = (uint32_t)gap;
    return is_read;
}

static bool read_duplicate(struct impairment *to, const char *key, char *value, struct complaint *c)
{
    return read_ppb(key, value, &to->duplicate_ppb, c);
}

static bool read_corrupt(struct impairment *to, const char *key, char *value, struct complaint *c)
{
    return read_ppb(key, value, &to->corrupt_ppb, c);
}

static bool read_rate(struct impairment *to, const char *key, char *value, struct complaint *c)
{
    if (strcmp(value, "0") == 0) {
        to->rate_bps = 0;
        return true;
    }
    return read_number(key, value, SLOWEST_BPS, FASTEST_BPS, &to->rate_bps, c);
}

static bool read_limit(struct impairment *to, const char *key, char *value, struct complaint *c)
{
    char *amount = strchr(value, ':');
    if (!amount)
        return complain(c, "%s: want packets:N or bytes:N, not '%.40s'", key, value);
    *amount++ = '\0';
    int unit = find_word("unit of limit", value, limits, c);
    to->limits_bytes = unit == 1;
    uint64_t most = to->limits_bytes ? MOST_BYTES : MOST_PACKETS;
    return unit >= 0 && read_number(key, amount, 1, most, &to->limit, c);
}

static bool read_offload(struct impairment *to, const char *key, char *value, struct complaint *c)
{
    int found = find_word(key, value, switches, c);
    to->offload_off = found == 0;
    return found >= 0;
}

/* ---- loss -------------------------------------------------------------------------------- */

static bool refuse_loss(struct complaint *complaint)
{
    return complain(complaint, "loss: want none, bernoulli:PPB[,CORRELATION_PPB], nth:N or "
                               "gilbert:P_PPB,R_PPB,GOOD_LOSS_PPB,BAD_LOSS_PPB");
}

/* Shares separated by commas, at least so many of those there are room for. */
static bool read_shares(char *text, uint32_t *const shares[], size_t least, size_t most,
                        struct complaint *complaint)
{
    size_t count = 0;
    for (const char *share; (share = strsep(&text, ",")); count++) {
        if (count == most)
            return refuse_loss(complaint);
        if (!read_ppb("loss", share, shares[count], complaint))
            return false;
    }
    return count >= least || refuse_loss(complaint);
}

static bool read_every(struct loss *loss, const char *text, struct complaint *complaint)
{
    uint64_t every = 0;
    bool is_read = read_number("loss=nth", text, 1, MOST_PACKETS, &every, complaint);
    loss->every = (uint32_t)every;
    return is_read;
}

static bool read_loss(struct impairment *to, const char *key, char *value, struct complaint *c)
{
    const char *model_name = strsep(&value, ":");
    int model = find_word("loss model", model_name, models, c);
    struct loss *loss = &to->loss;
    *loss = (struct loss){.model = (enum loss_model)model};
    uint32_t *const chance[] = {&loss->chance_ppb, &loss->correlation_ppb};
    uint32_t *const gilbert[] = {&loss->to_bad_ppb, &loss->to_good_ppb, &loss->lost_in_good_ppb,
                                 &loss->lost_in_bad_ppb};
    if (model < 0)
        return false;
    if ((model == LOSS_NONE) != !value)
        return refuse_loss(c);
    if (model == LOSS_BERNOULLI)
        return read_shares(value, chance, 1, 2, c);
    if (model == LOSS_GILBERT)
        return read_shares(value, gilbert, 4, 4, c);
    (void)key;
    return model == LOSS_NONE || read_every(loss, value, c);
}

/* ---- all together ------------------------------------------------------------------------ */

static const char *const keys[] = {
    "delay_ns",    "jitter_ns",     "distribution", "correlation_ppb", "loss",  "reorder_ppb",
    "reorder_gap", "duplicate_ppb", "corrupt_ppb",  "rate_bps",        "limit", "offload",
    NULL,
};

static reader *const readers[] = {
    read_delay, read_jitter,    read_distribution, read_correlation, read_loss,  read_reorder,
    read_gap,   read_duplicate, read_corrupt,      read_rate,        read_limit, read_offload,
};

/* Takes a copy, because reading takes it apart and the words are wanted for the other direction. */
static bool apply_setting(struct impairment *impairment, const char *setting, unsigned *seen,
                          struct complaint *complaint)
{
    char copy[LONGEST_SETTING + 1], *value = copy;
    if (strlen(setting) > LONGEST_SETTING)
        return complain(complaint, "a setting has up to %d letters", LONGEST_SETTING);
    strcpy(copy, setting);
    int key = find_word("setting", strsep(&value, "="), keys, complaint);
    if (key < 0)
        return false;
    if (!value)
        return complain(complaint, "want %s=VALUE", keys[key]);
    if (*seen & 1u << key)
        return complain(complaint, "%s is set twice", keys[key]);
    *seen |= 1u << key;
    return readers[key](impairment, keys[key], value, complaint);
}

bool apply_settings(struct impairment *impairment, char *const settings[], size_t count,
                    struct complaint *complaint)
{
    unsigned seen = 0;
    for (size_t i = 0; i < count; i++)
        if (!apply_setting(impairment, settings[i], &seen, complaint))
            return false;
    return true;
}

static void write_loss(FILE *file, const struct loss *loss)
{
    fprintf(file, "\"loss\":\"%s", models[loss->model]);
    if (loss->model == LOSS_BERNOULLI)
        fprintf(file, ":%u,%u", loss->chance_ppb, loss->correlation_ppb);
    if (loss->model == LOSS_GILBERT)
        fprintf(file, ":%u,%u,%u,%u", loss->to_bad_ppb, loss->to_good_ppb, loss->lost_in_good_ppb,
                loss->lost_in_bad_ppb);
    if (loss->model == LOSS_NTH)
        fprintf(file, ":%u", loss->every);
    fputs("\",", file);
}

void write_settings(FILE *file, const struct impairment *impairment)
{
    fprintf(file, "\"delay_ns\":%" PRIu64 ",\"jitter_ns\":%" PRIu64 ",", impairment->delay_ns,
            impairment->jitter_ns);
    fprintf(file, "\"distribution\":\"%s\",\"correlation_ppb\":%u,",
            distributions[impairment->distribution], impairment->correlation_ppb);
    write_loss(file, &impairment->loss);
    fprintf(file, "\"reorder_ppb\":%u,\"reorder_gap\":%u,", impairment->reorder_ppb,
            impairment->reorder_gap);
    fprintf(file, "\"duplicate_ppb\":%u,\"corrupt_ppb\":%u,", impairment->duplicate_ppb,
            impairment->corrupt_ppb);
    fprintf(file, "\"rate_bps\":%" PRIu64 ",\"limit\":\"%s:%" PRIu64 "\",", impairment->rate_bps,
            limits[impairment->limits_bytes], impairment->limit);
    fprintf(file, "\"offload\":\"%s\",\"blackhole\":%s", switches[!impairment->offload_off],
            impairment->blackhole ? "true" : "false");
}
