/** The strict XMLEnc profile: one xenc:EncryptedKey form per suite (as4.md 6.3, 6.4). */
#pragma once

#include "crypto/suite.h"
#include "xml/writer.h"
#include "xml/xml.h"

#define SPH_NS_XENC "http://www.w3.org/2001/04/xmlenc#"
#define SPH_NS_XENC11 "http://www.w3.org/2009/xmlenc11#"
#define SPH_NS_DS11 "http://www.w3.org/2009/xmldsig11#"
#define SPH_NS_DSM "http://www.w3.org/2021/04/xmldsig-more#"
#define SPH_ALG_AES128_GCM "http://www.w3.org/2009/xmlenc11#aes128-gcm"

/** Called inside the element that names the recipient's certificate: writes one
 * wsse:SecurityTokenReference (or nothing). */
typedef void sph_xenc_name_recipient(sph_xml_writer *w, void *arg);

/** Write xenc:EncryptionMethod, ds:KeyInfo and xenc:CipherData of an EncryptedKey for a fresh
 * content key (16 octets) into the open xenc:EncryptedKey. 1.15: RSA-OAEP; 2.0: ephemeral X25519
 *  or P-256, HKDF-SHA-256 (16-octet salt), AES-128 key wrap. The writer's table of prefixes has
 * "xenc", "xenc11", "ds", and for 2.0 also "ds11" and "dsm". SPH_EARG: a key that does not fit the
 * suite.
 */
SPH_MUST sph_rc sph_xenc_key_write(sph_xml_writer *w, enum sph_suite suite,
                                   const sph_pubkey *recipient, const sph_secret *content_key,
                                   const sph_random *random, sph_xenc_name_recipient *name,
                                   void *arg, sph_err *err);

/** An EncryptedKey as read: structure and algorithms checked against the suite's closed shape;
 * nothing decrypted. */
typedef struct sph_xenc_key sph_xenc_key;
/** SPH_EPARSE shape; SPH_EUNSUPPORTED an algorithm outside the suite. */
SPH_MUST sph_rc sph_xenc_key_read(const sph_xml_node *encrypted_key, enum sph_suite suite,
                                  size_t max_refs, sph_xenc_key **out, sph_err *err);
void sph_xenc_key_free(sph_xenc_key **key);
/** The wsse:SecurityTokenReference that names the recipient; borrowed. */
const sph_xml_node *sph_xenc_key_recipient(const sph_xenc_key *key);
/** DataReference URIs in order, without '#'; borrowed. */
size_t sph_xenc_key_ref_count(const sph_xenc_key *key);
const char *sph_xenc_key_ref_at(const sph_xenc_key *key, size_t index);
/** Open: the 16-octet content key. SPH_EPROOF for the 2.0 suite's failures; the 1.15 form never
 * fails by content (random key instead). SPH_EARG: the recipient's key is not of the suite's kind.
 */
SPH_MUST sph_rc sph_xenc_key_open(const sph_xenc_key *key, const sph_key *recipient,
                                  const sph_random *random, sph_secret **out, sph_err *err);
