/*
 * Included before the headers whose GUIDs a source file wants to own: turns every DEFINE_GUID that
 * follows into a definition.
 */
#ifndef INITGUID
#define INITGUID
#endif
#include "guiddef.h"
