/* The control messages. Each is one line and gets one line:
 *
 *     add LINK A_NETNS A_IF A_INDEX A_MAC B_NETNS B_IF B_INDEX B_MAC MTU
 *     del LINK
 *     set LINK ab|ba|both KEY=VALUE...
 *     reset LINK
 *     blackhole LINK ab|ba|both on|off
 *     carrier LINK up|down
 *     move LINK a|b NETNS
 *     show LINK
 *     list
 *     stats
 *     seed NUMBER
 *     quit
 *
 * answered by `ok {json}` or `error <what is wrong, and the nearest right thing>`.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* Carry out a line, which is taken apart. The answer, with its newline, is the caller's to free;
 * NULL if there is no memory for it. */
char *answer_line(char *line, size_t *size);

/* Whether `quit` was among the lines. */
extern bool is_quitting;
