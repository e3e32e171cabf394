/* The control socket: any number of lines from several clients, one answer for each line. */
#pragma once

/* Listen at a path, readable by its owner only. A socket nobody serves any more is replaced. */
void open_control(const char *path);
/* Serve until told to end: by `quit`, by a signal, when the path is somebody else's or gone, or,
 * with a lifeline, when standard input is closed. Says why. */
const char *serve_control(int signals, int has_lifeline);
/* Remove the socket, if it is still ours. */
void close_control(void);
