/* Four lanes: SSE2, NEON, or whatever the compiler makes of them. */
#define WIDTH 4
#include "table.h"

ESPALIER_TABLE(portable)
