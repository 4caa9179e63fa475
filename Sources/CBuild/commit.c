#include "CBuild.h"

const char *holdfast_commit(void) { return HOLDFAST_COMMIT; }
