/*
 * The kernel interface for drivers that are no pure WDM drivers: all of wdm.h. What ntddk.h adds
 * on Windows (processor and HAL internals) no storage miniport uses.
 */
#ifndef _NTDDK_
#define _NTDDK_

#include "wdm.h"

#endif /* _NTDDK_ */
