/* The contract's rows as the API shows them. */
#include "contract.h"
#include "host_priv.h"

#include <string.h>

static const char *
module_name(unsigned module)
{
    switch (module) {
    case CONTRACT_STORPORT:
        return "storport";
    case CONTRACT_NTOSKRNL:
        return "ntoskrnl";
    case CONTRACT_HAL:
        return "hal";
    case CONTRACT_SCSIWMI:
        return "scsiwmi";
    default:
        return "?";
    }
}

bool
storport_api_row(unsigned index, struct storport_api_row *out)
{
    size_t room = out->size && out->size < sizeof(*out) ? out->size : sizeof(*out);
    struct storport_api_row row = {.size = room};
    const struct contract_row *from;

    if (index >= CONTRACT_COUNT)
        return false;
    from = contract_row((enum contract_id)index);
    row.name = from->name;
    row.module = module_name(from->module);
    row.reach = from->reach;
    row.page = from->page;
    row.since = from->since;
    row.core = from->core;
    row.green = from->green;
    memcpy(out, &row, room);
    return true;
}
