/* Distinguished names written as text (RFC 2253, RFC 4514): what ds:X509IssuerName holds. */
#include "crypto/cert_impl.h"

enum { NAME_MAX_LEN = 2048, ATTRIBUTES_MAX = 32, VALUE_MAX = 1024 };

struct reader {
    sph_slice text;
    size_t at;
};

static int peek(const struct reader *in)
{
    return in->at < in->text.len ? in->text.at[in->at] : -1;
}

static void skip_spaces(struct reader *in)
{
    while (peek(in) == ' ')
        in->at++;
}

static int hex_digit(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Two hexadecimal digits; -1 when they are not there. */
static int hex_pair(struct reader *in)
{
    const int high = hex_digit(peek(in));
    if (high < 0 || in->at + 1 >= in->text.len)
        return -1;
    const int low = hex_digit(in->text.at[in->at + 1]);
    if (low < 0)
        return -1;
    in->at += 2;
    return high * 16 + low;
}

/* Short names of RFC 4514 section 3, compared without case, and the two that products write for an
 * e-mail address; OpenSSL's own table knows case and more names. */
static ASN1_OBJECT *short_name(sph_slice word)
{
    static const struct {
        const char *name;
        int nid;
    } rows[] = {
        {"CN", NID_commonName},
        {"L", NID_localityName},
        {"ST", NID_stateOrProvinceName},
        {"S", NID_stateOrProvinceName},
        {"O", NID_organizationName},
        {"OU", NID_organizationalUnitName},
        {"C", NID_countryName},
        {"STREET", NID_streetAddress},
        {"DC", NID_domainComponent},
        {"UID", NID_userId},
        {"E", NID_pkcs9_emailAddress},
        {"EMAILADDRESS", NID_pkcs9_emailAddress},
        {"SERIALNUMBER", NID_serialNumber},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (sph_slice_equal_nocase(word, sph_slice_str(rows[i].name)))
            return OBJ_nid2obj(rows[i].nid);
    return NULL;
}

/* The attribute's type: a short or long name that OpenSSL knows, or dotted digits with or without
 * "OID.". */
static sph_rc read_type(struct reader *in, ASN1_OBJECT **out, sph_err *err)
{
    char type[64];
    skip_spaces(in);
    const size_t equals = sph_slice_find(in->text, SPH_LIT("="), in->at);
    if (equals == SIZE_MAX)
        return sph_fail(err, SPH_EPARSE, "a name part without '='");
    sph_slice word = sph_slice_sub(in->text, in->at, equals - in->at);
    while (word.len > 0 && word.at[word.len - 1] == ' ')
        word.len--;
    if (sph_slice_equal_nocase(sph_slice_sub(word, 0, 4), SPH_LIT("OID.")))
        word = sph_slice_sub(word, 4, word.len);
    SPH_TRY(sph_str_copy(type, sizeof(type), word, err), err, "attribute type");
    ASN1_OBJECT *object = short_name(word);
    if (!object)
        object = OBJ_txt2obj(type, 0);
    if (!object)
        return sph_openssl_fail(err, SPH_EPARSE, "an attribute type that is not known");
    in->at = equals + 1;
    *out = object;
    return sph_ok();
}

/* '\' and what follows: a special character, or two hexadecimal digits for any octet. */
static sph_rc read_escaped(struct reader *in, sph_buf *value, sph_err *err)
{
    in->at++;
    const int c = peek(in);
    const int octet = hex_pair(in);
    if (octet >= 0)
        return sph_buf_add_byte(value, (uint8_t)octet, err);
    if (c < 0 || !strchr(" \"#+,;<=>\\", c) || c == 0)
        return sph_fail(err, SPH_EPARSE, "an escape in a name");
    in->at++;
    return sph_buf_add_byte(value, (uint8_t)c, err);
}

static sph_rc read_quoted(struct reader *in, sph_buf *value, sph_err *err)
{
    for (in->at++; peek(in) != '"';) {
        if (peek(in) < 0)
            return sph_fail(err, SPH_EPARSE, "a quoted name without end");
        if (peek(in) == '\\') {
            SPH_TRY(read_escaped(in, value, err), err, "quoted name");
            continue;
        }
        SPH_TRY(sph_buf_add_byte(value, (uint8_t)peek(in), err), err, "quoted name");
        in->at++;
    }
    in->at++;
    return sph_ok();
}

static bool ends_value(int c)
{
    return c < 0 || c == ',' || c == ';' || c == '+';
}

static sph_rc read_plain(struct reader *in, sph_buf *value, sph_err *err)
{
    size_t kept = 0; /* spaces after this length are the separator's, not the value's */
    while (!ends_value(peek(in))) {
        const int c = peek(in);
        if (c == '\\') {
            SPH_TRY(read_escaped(in, value, err), err, "name");
            kept = value->len;
            continue;
        }
        if (c == '"' || c == 0)
            return sph_fail(err, SPH_EPARSE, "a bare quote or NUL in a name");
        SPH_TRY(sph_buf_add_byte(value, (uint8_t)c, err), err, "name");
        in->at++;
        if (c != ' ')
            kept = value->len;
    }
    value->len = kept;
    return sph_ok();
}

/* "#" and the hexadecimal BER form of the value, as Java writes types without a short name. */
static sph_rc add_hex_value(struct reader *in, X509_NAME *name, const ASN1_OBJECT *type, int set,
                            sph_buf *value, sph_err *err)
{
    in->at++;
    for (int octet = hex_pair(in); octet >= 0; octet = hex_pair(in))
        SPH_TRY(sph_buf_add_byte(value, (uint8_t)octet, err), err, "name");
    skip_spaces(in);
    const uint8_t *at = value->at;
    SPH_AUTO_PTR(ossl_any) *any = value->len ? d2i_ASN1_TYPE(NULL, &at, (long)value->len) : NULL;
    const int tag = any ? ASN1_TYPE_get(any) : 0;
    if (tag != V_ASN1_IA5STRING && tag != V_ASN1_UTF8STRING && tag != V_ASN1_PRINTABLESTRING)
        return sph_openssl_fail(err, SPH_EPARSE, "a hexadecimal name value");
    const sph_slice text = sph_asn1_slice(any->value.asn1_string);
    if (X509_NAME_add_entry_by_OBJ(name, type, tag, text.at, (int)text.len, 0, set) != 1)
        return sph_openssl_fail(err, SPH_EPARSE, "a name value");
    return sph_ok();
}

static sph_rc read_attribute(struct reader *in, X509_NAME *name, int set, sph_err *err)
{
    SPH_AUTO_PTR(ossl_object) *type = NULL;
    SPH_AUTO(sph_buf) value = sph_buf_init(VALUE_MAX);
    SPH_TRY(read_type(in, &type, err), err, "attribute type");
    skip_spaces(in);
    if (peek(in) == '#')
        return add_hex_value(in, name, type, set, &value, err);
    if (peek(in) == '"')
        SPH_TRY(read_quoted(in, &value, err), err, "attribute value");
    else
        SPH_TRY(read_plain(in, &value, err), err, "attribute value");
    skip_spaces(in);
    const char *text = sph_buf_text(&value);
    /* At the front, because the text form runs backwards (RFC 2253 2.1). */
    if (X509_NAME_add_entry_by_OBJ(name, type, V_ASN1_UTF8STRING, (const unsigned char *)text,
                                   (int)value.len, 0, set) != 1)
        return sph_openssl_fail(err, SPH_EPARSE, "a name value");
    return sph_ok();
}

sph_rc sph_name_parse(sph_slice text, X509_NAME **out, sph_err *err)
{
    if (text.len == 0 || text.len > NAME_MAX_LEN)
        return sph_fail(err, SPH_ELIMIT, "a name of %zu octets", text.len);
    SPH_AUTO_PTR(ossl_name) *name = X509_NAME_new();
    if (!name)
        return sph_fail(err, SPH_ENOMEM, "no memory for a name");
    struct reader in = {text, 0};
    int set = 0; /* 0 begins an RDN at the front, 1 joins the RDN that is there after '+' */
    for (int count = 0;; count++) {
        if (count == ATTRIBUTES_MAX)
            return sph_fail(err, SPH_ELIMIT, "a name of more than %d parts", ATTRIBUTES_MAX);
        SPH_TRY(read_attribute(&in, name, set, err), err, "name part %d", count);
        const int separator = peek(&in);
        if (separator < 0)
            break;
        if (!ends_value(separator))
            return sph_fail(err, SPH_EPARSE, "text after a name value");
        set = separator == '+' ? 1 : 0;
        in.at++;
    }
    *out = sph_move(name);
    return sph_ok();
}
