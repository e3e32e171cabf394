/* A node's file. One that is limited is written in parts, each a whole pcapng file of its own; when
 * there are PARTS of them and another is due, the oldest goes. At the end they become one file. */
#pragma once
#include "pcapng.h"

void create_file(struct tap *tap, const char *folder);
/* Begin another part if so many bytes do not fit in this one. */
void make_room(struct tap *tap, uint32_t size);
void finish_file(struct tap *tap, struct timestamp started, struct timestamp ended);
/* Of a run that failed. */
void remove_file(const struct tap *tap);
