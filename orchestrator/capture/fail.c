#include "fail.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static void nothing(void)
{
}

void (*before_failing)(void) = nothing;

/* Threads may fail at once: the lock is never released, so the first message is the one told. */
static void tell(const char *format, va_list arguments)
{
    flockfile(stderr);
    fputs("capmux: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

__attribute__((noreturn)) static void end_with(int status)
{
    before_failing();
    _exit(status);
}

void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    tell(format, arguments);
    va_end(arguments);
    end_with(1);
}

void refuse(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    tell(format, arguments);
    va_end(arguments);
    end_with(2);
}
