/* Signed notes, checkpoints, cosignature lines and vkeys from untrusted bytes. */
#include "ledger/note.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char known[] =
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    SPH_AUTO(sph_buf) body = sph_buf_init(SPH_NOTE_MAX);
    const sph_slice input = sph_slice_of(data, size);
    sph_slice text, lines;
    sph_vkey vkey;
    sph_checkpoint head;
    int64_t seconds = 0;
    if (sph_vkey_parse(input, &vkey, NULL).code == SPH_OK &&
        !sph_vkey_name_valid(sph_slice_str(vkey.name)))
        abort();
    if (sph_vkey_parse(sph_slice_str(known), &vkey, NULL).code != SPH_OK)
        abort();
    const sph_rc verified = sph_note_verify(input, &vkey, 1, &text, NULL);
    const sph_rc split = sph_note_split(input, &text, &lines, NULL);
    if (split.code == SPH_OK && text.len + 1 + lines.len != size)
        abort();
    if (verified.code == SPH_OK && split.code != SPH_OK)
        abort();
    if (sph_checkpoint_parse(input, &head, NULL).code == SPH_OK &&
        (sph_checkpoint_body(&head, &body, NULL).code != SPH_OK ||
         !sph_slice_starts(input, sph_buf_peek(&body))))
        abort(); /* one way to write a body */
    vkey.type = SPH_VKEY_COSIGNATURE;
    if (sph_cosignature_verify(input, &vkey, SPH_LIT("body\n"), &seconds, NULL).code == SPH_OK)
        abort();
    return 0;
}
