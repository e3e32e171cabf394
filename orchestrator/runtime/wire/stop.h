/* Ends the program, for what cannot be mended by a control message. */
#pragma once

__attribute__((format(printf, 1, 2), noreturn)) void stop(const char *format, ...);
