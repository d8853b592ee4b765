/*
 * What drivers tell the PnP manager; whoever plays that part (the port, the host) listens.
 * DDI: IoInvalidateDeviceRelations, IoRequestDeviceEject.
 */
#include "nt_priv.h"

void
nt_pnp_listen(struct rt *rt,
              void (*told)(void *ctx, PDEVICE_OBJECT device, enum nt_pnp what, unsigned relations),
              void *ctx)
{
    struct nt *nt = nt_of(rt);

    nt->pnp_ctx = ctx;
    nt->pnp_told = told;
}

VOID
IoInvalidateDeviceRelations(PDEVICE_OBJECT device, DEVICE_RELATION_TYPE type)
{
    struct nt *nt = nt_self();

    CONTRACT_ENTER(IoInvalidateDeviceRelations);
    if (nt->pnp_told)
        nt->pnp_told(nt->pnp_ctx, device, NT_PNP_RELATIONS, type);
}

VOID
IoRequestDeviceEject(PDEVICE_OBJECT device)
{
    struct nt *nt = nt_self();

    CONTRACT_ENTER(IoRequestDeviceEject);
    if (nt->pnp_told)
        nt->pnp_told(nt->pnp_ctx, device, NT_PNP_EJECT, 0);
}
