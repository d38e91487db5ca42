/* Values of eb:Messaging as text. */
#include "as4/in.h"

#include <ctype.h>

#define VALUE_ROOM 4200u /* 1,024 characters of UTF-8 and NUL */

size_t sph_as4_characters(const char *text)
{
    size_t n = 0;
    for (; *text != 0; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

sph_rc sph_as4_keep_text(sph_as4_in *in, const sph_xml_node *node, size_t max_chars,
                         const char **out, sph_as4_fault *fault, sph_err *err)
{
    char text[VALUE_ROOM];
    SPH_TRY(sph_as4_blame(sph_xml_value_text(node, text, sizeof(text), err), SPH_AS4_HEADER_VALUE,
                          fault, err),
            err, "header value");
    if (sph_as4_characters(text) > max_chars)
        return sph_as4_refuse(SPH_AS4_HEADER_VALUE, fault, err, "%.40s too long",
                              sph_xml_local(node));
    const sph_slice octets = sph_slice_str(text);
    char *to = in->texts + in->texts_len;
    SPH_TRY(sph_str_copy(to, in->texts_room - in->texts_len, octets, err), err, "header value");
    in->texts_len += octets.len + 1;
    *out = to;
    return sph_ok();
}

bool sph_as4_is_message_id(const char *id)
{
    unsigned ats = 0;
    char before = '.';
    for (; *id != 0; before = *id++) {
        const bool is_mark = *id == '.' || *id == '@';
        if (is_mark && (before == '.' || before == '@'))
            return false;
        if (!is_mark && !isalnum((unsigned char)*id) && strchr("!#$%&'*+-=?^_`{|}~", *id) == NULL)
            return false;
        ats += *id == '@';
    }
    return ats == 1 && before != '.' && before != '@';
}
