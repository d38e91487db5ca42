/** Inside of leak_file.c; for its files alone. */
#pragma once

#include "packet/leak_file.h"

#define SPH_LEAK_HOLD 66000u /* a metadata segment of JPEG (65,535) and its head */

/** Takes what it can from the front of `held`; 0: more octets are needed. */
typedef size_t (*sph_leak_take)(struct sph_leak_report *report, sph_slice held, bool is_last,
                                uint64_t *skip);
size_t sph_leak_take_png(struct sph_leak_report *report, sph_slice held, bool is_last,
                         uint64_t *skip);
size_t sph_leak_take_jpeg(struct sph_leak_report *report, sph_slice held, bool is_last,
                          uint64_t *skip);
size_t sph_leak_take_pdf(struct sph_leak_report *report, sph_slice held, bool is_last,
                         uint64_t *skip);
/** Screen each run of at least four printable characters as a text of its own; UTF-16 too. */
void sph_leak_runs(struct sph_leak_report *report, sph_slice octets);
