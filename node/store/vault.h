/** vault/: large encrypted contents, named by the SHA-256 of what is stored. Write-once. */
#pragma once

#include "base/env.h"

#define SPH_VAULT_PATH 80
/** "vault/ab/abcdef…" for a digest. */
void sph_vault_path(const sph_hash *digest, char out[SPH_VAULT_PATH]);
/** Give a complete temporary file its place (synced first). Already there: fine, the temporary one
 * goes when the caller closes it. */
SPH_MUST sph_rc sph_vault_keep(const sph_files *files, sph_file *temporary, const sph_hash *digest,
                               sph_err *err);
/** Open a kept content for reading. out: owned, files->close. SPH_ENOTFOUND. */
SPH_MUST sph_rc sph_vault_open(const sph_files *files, const sph_hash *digest, sph_file **out,
                               sph_err *err);
/** Remove a content. SPH_ENOTFOUND. */
SPH_MUST sph_rc sph_vault_remove(const sph_files *files, const sph_hash *digest, sph_err *err);
