/* First inputs of fuzz_packet_relay: parts that open, of one octet and of a padding step. Usage:
 * seeds_packet_relay DIR */
#include <stdio.h>

#include "crypto/digest.h"
#include "relay_sample.h"

static void must(sph_rc rc)
{
    if (rc.code != SPH_OK) {
        fprintf(stderr, "seeds_packet_relay: %s\n", sph_code_name(rc.code));
        exit(1);
    }
}

static void write_one(const sph_key *key, const char *folder, size_t size)
{
    static const uint8_t plain[4096];
    char path[512];
    SPH_AUTO(sph_buf) sealed = sph_buf_init(8192);
    must(sph_srx_seal(sph_key_peek_public(key), &relay_sample_ends, sph_slice_of(plain, size),
                      sph_limits_default(), sph_random_real(), &sealed, NULL));
    must(sph_str_format(path, sizeof(path), NULL, "%s/part-%zu", folder, size));
    FILE *out = fopen(path, "wb");
    if (!out || fwrite(sealed.at, 1, sealed.len, out) != sealed.len || fclose(out) != 0)
        exit(1);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    must(sph_crypto_start(NULL));
    SPH_AUTO_PTR(sph_key) *key = relay_sample_key();
    write_one(key, argv[1], 1);
    write_one(key, argv[1], 4096);
    return 0;
}
