// run: what it returns is the status of the guest.
#define OWN_RUN
#include "guest.h"

bool exports_wasi_cli_run_run(void) { return !is(arg(1), "err"); }
