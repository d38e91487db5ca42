/* First input of fuzz_packet_card: a card that passes, made with keys of this run. Usage:
 * seeds_packet_card DIR */
#include <stdio.h>
#include <stdlib.h>

#include "crypto/digest.h"
#include "packet/card.h"

#define NOW 1795519800000

static void must(sph_rc rc)
{
    if (rc.code != SPH_OK) {
        fprintf(stderr, "seeds_packet_card: %s\n", sph_code_name(rc.code));
        exit(1);
    }
}

static void text(char *to, size_t room, const char *from)
{
    must(sph_str_copy(to, room, sph_slice_str(from), NULL));
}

static void add(sph_card *card, const sph_key *root_key, sph_key *key, enum sph_cert_use use)
{
    const size_t i = card->cert_count++;
    card->cert[i].use = use;
    card->cert[i].suite = SPH_SUITE_EDELIVERY_2_0_ED25519;
    must(sph_cert_issue_leaf(root_key, card->root, card->party, sph_key_peek_public(key), use,
                             sph_random_real(), NOW - 86400000, 300, &card->cert[i].cert, NULL));
}

static void fill(sph_card *card)
{
    text(card->party, sizeof(card->party), "th.ngo.example");
    text(card->kind, sizeof(card->kind), "ngo");
    text(card->country, sizeof(card->country), "TH");
    text(card->mode, sizeof(card->mode), "training");
    text(card->name[SPH_LANG_EN], sizeof(card->name[0]), "Example (invented)");
    text(card->url, sizeof(card->url), "https://127.0.0.1:8443");
    text(card->languages[card->language_count++], 3, "th");
    card->serial = 1;
    card->valid_until_ms = NOW + 86400000;
    card->largest_message = 268435456;
    card->suite[card->suite_count++] = SPH_SUITE_EDELIVERY_2_0_ED25519;
    card->accepts_type[SPH_PACKET_RESOURCE] = true;
    card->crl = sph_buf_init(65536);
}

int main(int argc, char **argv)
{
    static sph_card card;
    static const uint8_t nonce[16] = {1, 2, 3};
    SPH_AUTO_PTR(sph_key) *root_key = NULL;
    SPH_AUTO_PTR(sph_key) *tls = NULL;
    SPH_AUTO_PTR(sph_key) *sign = NULL;
    SPH_AUTO_PTR(sph_key) *encrypt = NULL;
    SPH_AUTO(sph_buf) octets = sph_buf_init(262144);
    char path[512];
    if (argc != 2)
        return 2;
    sph_xml_start();
    must(sph_crypto_start(NULL));
    must(sph_key_generate(SPH_KEY_P256, &root_key, NULL));
    must(sph_key_generate(SPH_KEY_P256, &tls, NULL));
    must(sph_key_generate(SPH_KEY_ED25519, &sign, NULL));
    must(sph_key_generate(SPH_KEY_X25519, &encrypt, NULL));
    fill(&card);
    must(sph_cert_issue_root(root_key, card.party, sph_random_real(), NOW - 86400000, 3650,
                             &card.root, NULL));
    add(&card, root_key, tls, SPH_USE_TLS);
    add(&card, root_key, sign, SPH_USE_SIGN);
    add(&card, root_key, encrypt, SPH_USE_ENCRYPT);
    struct sph_packet_new values = {
        .party = card.party, .mode = card.mode, .now_ms = NOW, .nonce = {nonce, sizeof(nonce)}};
    text(values.packet_id, sizeof(values.packet_id),
         "urn:uuid:2f1c7a52-5d0e-4b7e-9c1a-0d6f3b8e4a11");
    const struct sph_packet_signer signer = {sign, card.cert[1].cert, card.root};
    must(sph_card_build(&card, &values, &signer, &octets, NULL));
    sph_card_clear(&card);
    must(sph_str_format(path, sizeof(path), NULL, "%s/card", argv[1]));
    FILE *out = fopen(path, "wb");
    const bool is_written = out && fwrite(octets.at, 1, octets.len, out) == octets.len;
    return out && fclose(out) == 0 && is_written ? 0 : 1;
}
