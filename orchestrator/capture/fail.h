/* How capmux ends with a message. */
#pragma once

/* What to do before, on whatever thread; it is done once. Nothing, until somebody sets it. */
extern void (*before_failing)(void);

/* Something went wrong: exit 1. */
__attribute__((format(printf, 1, 2), noreturn)) void fail(const char *format, ...);
/* What was asked for cannot be: exit 2. */
__attribute__((format(printf, 1, 2), noreturn)) void refuse(const char *format, ...);
