/* SPDX-License-Identifier: GPL-2.0-only */
/* What the linker makes of the engine's function, and of calls of it */
#ifndef FORGE_H
#define FORGE_H

#include "engine.h"

size_t __real_rpmb_engine_response(struct rpmb_engine *engine, void *frames,
				   size_t len);
size_t __wrap_rpmb_engine_response(struct rpmb_engine *engine, void *frames,
				   size_t len);

#endif /* FORGE_H */
