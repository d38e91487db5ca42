/** How far a long step is, on a terminal: a bar after a second; with --verbose a line every ten
 * seconds, also where there is no terminal. */
#pragma once

#include "cli/cli.h"

typedef struct sph_bar {
    const sph_cli *cli;
    const char *key; /* catalogue text of the step */
    int64_t started_ms, said_ms;
    bool is_shown;
} sph_bar;
/** A step begins; key: "progress.send" and the like. */
sph_bar sph_bar_start(const sph_cli *cli, const char *key);
/** It stands at `done` of `total` (0: not known yet). */
void sph_bar_show(sph_bar *bar, uint64_t done, uint64_t total);
/** The step is over: its line goes. */
void sph_bar_end(sph_bar *bar);
/** The same as a callback of sph_ask: ctx is the bar. */
void sph_bar_note(void *ctx, uint64_t done, uint64_t total);

/** Shows how far the running node is with sealing attachments, while a request waits for it. */
typedef struct sph_sealing_bar sph_sealing_bar;
/** NULL when there is nothing to show it on, or no node runs: fine for the other. */
sph_sealing_bar *sph_sealing_bar_start(const sph_cli *cli);
void sph_sealing_bar_end(sph_sealing_bar **watch);
