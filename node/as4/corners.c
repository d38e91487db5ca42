/* Message properties by name, and the four corners (as4.md 12.6). */
#include "as4/message.h"

#define PROPERTIES (sizeof(((sph_as4_user *)NULL)->property) / sizeof(struct sph_as4_property))

const char *sph_as4_user_property(const sph_as4_user *user, const char *name, const char **type)
{
    for (size_t i = 0; i < user->property_count; i++) {
        if (strcmp(user->property[i].name, name) != 0)
            continue;
        if (type != NULL)
            *type = user->property[i].type;
        return user->property[i].value;
    }
    return NULL;
}

sph_rc sph_as4_user_corners(const sph_as4_user *user, struct sph_as4_corners *out, sph_err *err)
{
    struct sph_as4_corners found = {0};
    found.sender = sph_as4_user_property(user, SPH_PROP_ORIGINAL_SENDER, &found.sender_type);
    found.recipient = sph_as4_user_property(user, SPH_PROP_FINAL_RECIPIENT, &found.recipient_type);
    found.tracking = sph_as4_user_property(user, SPH_PROP_TRACKING, NULL);
    if (found.sender == NULL || found.sender_type == NULL)
        return sph_fail(err, SPH_EREFUSED, "originalSender with its type is missing");
    if (found.recipient == NULL || found.recipient_type == NULL)
        return sph_fail(err, SPH_EREFUSED, "finalRecipient with its type is missing");
    *out = found;
    return sph_ok();
}

sph_rc sph_as4_user_set_corners(sph_as4_user *user, const struct sph_as4_corners *corners,
                                sph_err *err)
{
    const struct sph_as4_property wanted[] = {
        {SPH_PROP_ORIGINAL_SENDER, corners->sender_type, corners->sender},
        {SPH_PROP_FINAL_RECIPIENT, corners->recipient_type, corners->recipient},
        {SPH_PROP_TRACKING, NULL, corners->tracking}};
    const size_t count = corners->tracking != NULL ? 3 : 2;
    if (user->property_count + count > PROPERTIES)
        return sph_fail(err, SPH_ELIMIT, "%zu message properties", user->property_count + count);
    for (size_t i = 0; i < count; i++)
        user->property[user->property_count++] = wanted[i];
    return sph_ok();
}
