#include "store/vault.h"

/* "vault/", two digits, '/', all digits. */
#define FOLDER_LEN 8

void sph_vault_path(const sph_hash *digest, char out[SPH_VAULT_PATH])
{
    static const char digits[] = "0123456789abcdef";
    static const char folder[] = "vault/";
    size_t at = 0;
    for (const char *c = folder; *c; c++)
        out[at++] = *c;
    out[at++] = digits[digest->at[0] >> 4];
    out[at++] = digits[digest->at[0] & 15];
    out[at++] = '/';
    for (size_t i = 0; i < sizeof(digest->at); i++) {
        out[at++] = digits[digest->at[i] >> 4];
        out[at++] = digits[digest->at[i] & 15];
    }
    out[at] = '\0';
}

sph_rc sph_vault_keep(const sph_files *files, sph_file *temporary, const sph_hash *digest,
                      sph_err *err)
{
    char path[SPH_VAULT_PATH];
    char folder[SPH_VAULT_PATH];
    sph_vault_path(digest, path);
    SPH_TRY(sph_str_copy(folder, sizeof(folder), sph_slice_of(path, FOLDER_LEN), err), err,
            "folder");
    SPH_TRY(files->sync(temporary, err), err, "syncing a content");
    SPH_TRY(files->make_dir(files->ctx, "vault", err), err, "vault");
    SPH_TRY(files->make_dir(files->ctx, folder, err), err, "vault");
    const sph_rc rc = files->name(temporary, path, err);
    if (rc.code != SPH_EEXISTS)
        return rc;
    sph_err_clear(err); /* the same digest is the same content */
    return sph_ok();
}

sph_rc sph_vault_open(const sph_files *files, const sph_hash *digest, sph_file **out, sph_err *err)
{
    char path[SPH_VAULT_PATH];
    sph_vault_path(digest, path);
    return files->open(files->ctx, path, SPH_OPEN_READ, out, err);
}

sph_rc sph_vault_remove(const sph_files *files, const sph_hash *digest, sph_err *err)
{
    char path[SPH_VAULT_PATH];
    sph_vault_path(digest, path);
    return files->remove(files->ctx, path, err);
}
