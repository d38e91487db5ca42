#include "exchange/room.h"

#include "as4/gzip.h"
#include "packet/attachment.h"

#define ROOT_LEN 16384u /* SOAP part without its parts' share: rather too much than too little */
#define PART_LEN 2560u  /* a part's share of it, its MIME head, IV and tag */

uint64_t sph_room_stored(uint64_t len)
{
    return sph_gzip_stored_len(sph_attachment_sealed_len(len));
}

uint64_t sph_room_message(uint64_t len, size_t parts)
{
    return len + ROOT_LEN + (uint64_t)parts * PART_LEN;
}

uint64_t sph_room_largest(const sph_partner *partner)
{
    const uint64_t ceiling = sph_limits_default()->message_ceiling;
    return partner->card.largest_message < ceiling ? partner->card.largest_message : ceiling;
}

void sph_room_text(uint64_t octets, char out[24])
{
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
    size_t unit = 0;
    uint64_t scale = 1;
    while (unit + 1 < sizeof(units) / sizeof(units[0]) && octets / scale >= 1000) {
        scale *= 1000;
        unit++;
    }
    const uint64_t whole = octets / scale;
    const uint64_t tenth = octets % scale / (scale >= 10 ? scale / 10 : 1);
    const bool is_short = unit == 0 || whole >= 100;
    if ((is_short ? sph_str_format(out, 24, NULL, "%llu %s", (unsigned long long)whole, units[unit])
                  : sph_str_format(out, 24, NULL, "%llu.%llu %s", (unsigned long long)whole,
                                   (unsigned long long)tenth, units[unit]))
            .code != SPH_OK)
        out[0] = '\0';
}

sph_rc sph_room_at_partner(const sph_partner *partner, uint64_t message, sph_findings *findings,
                           sph_err *err)
{
    char need[24], takes[24], both[64];
    const uint64_t largest = sph_room_largest(partner);
    if (message <= largest)
        return sph_ok();
    sph_room_text(message, need);
    sph_room_text(largest, takes);
    SPH_TRY(sph_str_format(both, sizeof(both), err, "%s / %s", need, takes), err, "sizes");
    sph_finding_add(findings, "SIZE", 0, "room.partner", partner->card.party, both);
    return sph_fail(err, SPH_ELIMIT, "%llu bytes for a partner that takes %llu",
                    (unsigned long long)message, (unsigned long long)largest);
}

sph_rc sph_room_on_disk(const sph_node *node, uint64_t need, sph_findings *findings, sph_err *err)
{
    const sph_files *files = sph_node_env(node)->files;
    const uint64_t floor = sph_limits_default()->free_floor;
    uint64_t left = 0;
    char needs[24], has[24];
    SPH_TRY(files->free_bytes(files->ctx, &left, err), err, "free space");
    const uint64_t room = left > floor ? left - floor : 0;
    if (need <= room)
        return sph_ok();
    sph_room_text(need, needs);
    sph_room_text(room, has);
    sph_finding_add(findings, "DISK", 0, "room.disk", needs, has);
    return sph_fail(err, SPH_ELIMIT, "disk: %s needed, %s free", needs, has);
}
