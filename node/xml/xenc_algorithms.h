/** Algorithm names of the EncryptedKey forms; for the files of node/xml only. */
#pragma once

#include "xml/xenc.h"

#define SPH_ALG_RSA_OAEP SPH_NS_XENC11 "rsa-oaep"
#define SPH_ALG_MGF1_SHA256 SPH_NS_XENC11 "mgf1sha256"
#define SPH_ALG_KW_AES128 SPH_NS_XENC "kw-aes128"
#define SPH_ALG_X25519 SPH_NS_DSM "x25519"
#define SPH_ALG_HKDF SPH_NS_DSM "hkdf"
#define SPH_ALG_HMAC_SHA256 SPH_NS_DSM "hmac-sha256"

#define SPH_XENC_CONTENT_KEY 16 /* octets: AES-128 content key and key-encryption key */
#define SPH_XENC_SALT 16        /* octets of the salt we write */
