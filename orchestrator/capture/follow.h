/* A tap whose interfaces were moved to another namespace, which is now at its path. */
#pragma once
#include "taps.h"

/* Whether an interface went, and another namespace is at the tap's path, which is then open. */
bool has_moved(struct tap *tap);
/* Go on in the namespace at the path: a ring there first, then the rest of the old one. */
void follow(struct tap *tap);
