/** Attached files before the leak screen (DP-03): plain text and XML whole, of PDF and pictures
 * what their metadata says. What cannot be read is said in a note, so that a person looks.
 * Streaming, constant memory; a file that is not what its type says is read as far as it goes. */
#pragma once

#include "packet/leak_report.h"

typedef struct sph_leak_file sph_leak_file;
/** name: shown in findings, never what people call the file. report: borrowed. SPH_ENOMEM. */
SPH_MUST sph_rc sph_leak_file_new(struct sph_leak_report *report, const char *name,
                                  const char *media_type, sph_leak_file **out, sph_err *err);
void sph_leak_file_feed(sph_leak_file *file, sph_slice octets);
/** No more octets: judge what was held back, say what could not be read. */
void sph_leak_file_end(sph_leak_file *file);
void sph_leak_file_free(sph_leak_file **file);
