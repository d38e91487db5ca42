/** Algorithm names of the EncryptedKey forms; for the files of node/xml only. */
#pragma once

#include "xml/xenc.h"

#define SPH_ALG_RSA_OAEP SPH_NS_XENC11 "rsa-oaep"
#define SPH_ALG_MGF1_SHA256 SPH_NS_XENC11 "mgf1sha256"
#define SPH_ALG_KW_AES128 SPH_NS_XENC "kw-aes128"
#define SPH_ALG_X25519 SPH_NS_DSM "x25519"
#define SPH_ALG_ECDH_ES SPH_NS_XENC11 "ECDH-ES"
#define SPH_URI_P256 "urn:oid:1.2.840.10045.3.1.7"
#define SPH_ALG_HKDF SPH_NS_DSM "hkdf"
/* RFC 9231 §2.2.2: the HMAC names stayed in the namespace of 2001, unlike hkdf, which uses them. */
#define SPH_ALG_HMAC_SHA256 "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"

#define SPH_XENC_CONTENT_KEY 16 /* octets: AES-128 content key and key-encryption key */
#define SPH_XENC_SALT 16        /* octets of the salt we write */
