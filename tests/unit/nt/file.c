/* Zw*File over rt's files: dispositions, positions, ends, holes, sharing, wrong arguments. */
#include "nt_test.h"

#include <unistd.h>

static char folder[64];
static HANDLE file;
static IO_STATUS_BLOCK iosb;

static NTSTATUS
open_access(const char *name, ACCESS_MASK access, ULONG share, ULONG disposition, ULONG options,
            HANDLE *handle)
{
    OBJECT_ATTRIBUTES attributes;
    uint16_t wide[200];
    UNICODE_STRING string;
    char path[160];

    snprintf(path, sizeof(path), "\\??\\%s/%s", folder, name);
    nt_utf16_from_utf8(wide, 200, path, strlen(path));
    RtlInitUnicodeString(&string, (PCWSTR)wide);
    InitializeObjectAttributes(&attributes, &string, OBJ_KERNEL_HANDLE, NULL, NULL);
    return ZwCreateFile(handle, access | SYNCHRONIZE, &attributes, &iosb, NULL,
                        FILE_ATTRIBUTE_NORMAL, share, disposition, options, NULL, 0);
}

static NTSTATUS
open_file(const char *name, ULONG disposition, ULONG options)
{
    return open_access(name, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                       disposition, options, &file);
}

static NTSTATUS
write_at(LONGLONG offset, const void *data, ULONG length)
{
    LARGE_INTEGER where = {.QuadPart = offset};

    return ZwWriteFile(file, NULL, NULL, NULL, &iosb, (PVOID)data, length, &where, NULL);
}

static NTSTATUS
read_at(LONGLONG offset, void *data, ULONG length)
{
    LARGE_INTEGER where = {.QuadPart = offset};

    return ZwReadFile(file, NULL, NULL, NULL, &iosb, data, length, &where, NULL);
}

static LONGLONG
end_of_file(void)
{
    FILE_STANDARD_INFORMATION standard;

    CHECK(ZwQueryInformationFile(file, &iosb, &standard, sizeof(standard),
                                 FileStandardInformation) == STATUS_SUCCESS);
    CHECK(iosb.Information == sizeof(standard) && !standard.Directory);
    return standard.EndOfFile.QuadPart;
}

static void
fresh(void)
{
    char path[160];

    snprintf(path, sizeof(path), "%s/a", folder);
    unlink(path);
}

static void
dispositions(struct rt *rt)
{
    (void)rt;
    fresh();
    CHECK(open_file("a", FILE_OPEN, 0) == STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(open_file("a", FILE_OVERWRITE, 0) == STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(open_file("a", FILE_OPEN_IF, 0) == STATUS_SUCCESS && iosb.Information == FILE_CREATED);
    CHECK(write_at(0, "0123456789", 10) == STATUS_SUCCESS && iosb.Information == 10);
    CHECK(ZwClose(file) == STATUS_SUCCESS);
    CHECK(open_file("a", FILE_CREATE, 0) == STATUS_OBJECT_NAME_COLLISION);
    CHECK(open_file("a", FILE_OPEN_IF, 0) == STATUS_SUCCESS && iosb.Information == FILE_OPENED);
    CHECK(end_of_file() == 10);
    CHECK(ZwClose(file) == STATUS_SUCCESS);
    CHECK(open_file("a", FILE_OVERWRITE_IF, 0) == STATUS_SUCCESS);
    CHECK(iosb.Information == FILE_OVERWRITTEN && end_of_file() == 0);
    CHECK(ZwClose(file) == STATUS_SUCCESS);
    CHECK(open_file("nothere/a", FILE_CREATE, 0) == STATUS_OBJECT_NAME_NOT_FOUND ||
          open_file("nothere/a", FILE_CREATE, 0) == STATUS_OBJECT_PATH_NOT_FOUND);
    CHECK(open_file("", FILE_OPEN, 0) == STATUS_FILE_IS_A_DIRECTORY);
}

static void
transfers(struct rt *rt)
{
    FILE_POSITION_INFORMATION position;
    LARGE_INTEGER end = {.HighPart = -1, .LowPart = FILE_WRITE_TO_END_OF_FILE};
    char data[32] = "";

    (void)rt;
    fresh();
    CHECK(open_file("a", FILE_CREATE, FILE_SYNCHRONOUS_IO_NONALERT) == STATUS_SUCCESS);
    /* Without an offset the position is used, and moves. */
    CHECK(ZwWriteFile(file, NULL, NULL, NULL, &iosb, "abcdef", 6, NULL, NULL) == STATUS_SUCCESS);
    CHECK(ZwWriteFile(file, NULL, NULL, NULL, &iosb, "ghi", 3, NULL, NULL) == STATUS_SUCCESS);
    CHECK(read_at(2, data, 4) == STATUS_SUCCESS && !memcmp(data, "cdef", 4));
    CHECK(ZwQueryInformationFile(file, &iosb, &position, sizeof(position),
                                 FilePositionInformation) == STATUS_SUCCESS);
    CHECK(position.CurrentByteOffset.QuadPart == 6);
    CHECK(ZwReadFile(file, NULL, NULL, NULL, &iosb, data, 32, NULL, NULL) == STATUS_SUCCESS);
    CHECK(iosb.Information == 3 && !memcmp(data, "ghi", 3));
    CHECK(ZwReadFile(file, NULL, NULL, NULL, &iosb, data, 32, NULL, NULL) == STATUS_END_OF_FILE);
    CHECK(ZwWriteFile(file, NULL, NULL, NULL, &iosb, "jk", 2, &end, NULL) == STATUS_SUCCESS);
    CHECK(end_of_file() == 11);
    CHECK(read_at(-1, data, 1) == STATUS_INVALID_PARAMETER || iosb.Information == 1);
    CHECK(ZwFlushBuffersFile(file, &iosb) == STATUS_SUCCESS);
    CHECK(ZwClose(file) == STATUS_SUCCESS);
    /* An asynchronous handle wants an offset and tells its event. */
    CHECK(open_file("a", FILE_OPEN, 0) == STATUS_SUCCESS);
    CHECK(ZwReadFile(file, NULL, NULL, NULL, &iosb, data, 4, NULL, NULL) ==
          STATUS_INVALID_PARAMETER);
    HANDLE event;
    LARGE_INTEGER zero = {.QuadPart = 0};
    CHECK(ZwCreateEvent(&event, EVENT_ALL_ACCESS, NULL, SynchronizationEvent, FALSE) == 0);
    CHECK(ZwReadFile(file, event, NULL, NULL, &iosb, data, 4, &zero, NULL) == STATUS_SUCCESS);
    CHECK(ZwWaitForSingleObject(event, FALSE, NULL) == STATUS_SUCCESS);
    CHECK(ZwClose(event) == 0 && ZwClose(file) == 0);
    /* Rights are kept. */
    CHECK(open_access("a", GENERIC_READ, FILE_SHARE_READ, FILE_OPEN, 0, &file) == STATUS_SUCCESS);
    CHECK(write_at(0, "x", 1) == STATUS_ACCESS_DENIED);
    CHECK(ZwFlushBuffersFile(file, &iosb) == STATUS_ACCESS_DENIED);
    CHECK(ZwClose(file) == 0);
}

static NTSTATUS
control(ULONG code, void *in, ULONG in_bytes, void *out, ULONG out_bytes)
{
    return ZwFsControlFile(file, NULL, NULL, NULL, &iosb, code, in, in_bytes, out, out_bytes);
}

static void
holes(struct rt *rt)
{
    static char block[1 << 20];
    FILE_ZERO_DATA_INFORMATION range = {.FileOffset.QuadPart = 262144,
                                        .BeyondFinalZero.QuadPart = 524288};
    FILE_ALLOCATED_RANGE_BUFFER window = {.Length.QuadPart = 1 << 20}, ranges[8];
    FILE_END_OF_FILE_INFORMATION end = {.EndOfFile.QuadPart = 1 << 20};
    FILE_SET_SPARSE_BUFFER sparse = {TRUE};
    LONGLONG sum = 0;

    (void)rt;
    fresh();
    memset(block, 0x11, sizeof(block));
    CHECK(open_file("a", FILE_CREATE, FILE_SYNCHRONOUS_IO_NONALERT) == STATUS_SUCCESS);
    CHECK(ZwSetInformationFile(file, &iosb, &end, sizeof(end), FileEndOfFileInformation) == 0);
    CHECK(end_of_file() == 1 << 20);
    CHECK(control(FSCTL_SET_SPARSE, &sparse, sizeof(sparse), NULL, 0) == STATUS_SUCCESS);
    CHECK(write_at(0, block, sizeof(block)) == STATUS_SUCCESS);
    CHECK(control(FSCTL_SET_ZERO_DATA, &range, sizeof(range), NULL, 0) == STATUS_SUCCESS);
    CHECK(read_at(262143, block, 3) == STATUS_SUCCESS);
    CHECK(block[0] == 0x11 && block[1] == 0 && block[2] == 0);
    CHECK(read_at(524287, block, 2) == STATUS_SUCCESS && block[0] == 0 && block[1] == 0x11);
    CHECK(control(FSCTL_QUERY_ALLOCATED_RANGES, &window, sizeof(window), ranges, sizeof(ranges)) ==
          STATUS_SUCCESS);
    for (ULONG i = 0; i < iosb.Information / sizeof(ranges[0]); i++)
        sum += ranges[i].Length.QuadPart;
    CHECK(sum >= 786432 && sum <= 1 << 20);
    if (iosb.Information == 2 * sizeof(ranges[0])) /* the file system knows holes */
        CHECK(control(FSCTL_QUERY_ALLOCATED_RANGES, &window, sizeof(window), ranges,
                      sizeof(ranges[0])) == STATUS_BUFFER_OVERFLOW &&
              iosb.Information == sizeof(ranges[0]));
    /* Zeroing beyond the end does not grow the file. */
    range.BeyondFinalZero.QuadPart = 4 << 20;
    CHECK(control(FSCTL_SET_ZERO_DATA, &range, sizeof(range), NULL, 0) == STATUS_SUCCESS);
    CHECK(end_of_file() == 1 << 20);
    range.BeyondFinalZero.QuadPart = 1;
    CHECK(control(FSCTL_SET_ZERO_DATA, &range, sizeof(range), NULL, 0) == STATUS_INVALID_PARAMETER);
    CHECK(control(FSCTL_SET_ZERO_DATA, &range, 4, NULL, 0) == STATUS_INVALID_PARAMETER);
    CHECK(control(CTL_CODE(9, 77, 0, 0), NULL, 0, NULL, 0) == STATUS_INVALID_DEVICE_REQUEST);
    CHECK(ZwClose(file) == 0);
}

static void
wrong(struct rt *rt)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name;
    HANDLE second, event;
    ULONG word;

    (void)rt;
    fresh();
    /* A writer that shares with no other writer has the file alone. */
    CHECK(open_access("a", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, FILE_CREATE, 0, &file) ==
          STATUS_SUCCESS);
    CHECK(open_access("a", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, FILE_OPEN, 0, &second) ==
          STATUS_SHARING_VIOLATION);
    CHECK(ZwQueryInformationFile(file, &iosb, &word, 1, FileAccessInformation) ==
          STATUS_INFO_LENGTH_MISMATCH);
    CHECK(ZwQueryInformationFile(file, &iosb, &word, 4, FileAccessInformation) == 0 &&
          word & FILE_WRITE_DATA);
    CHECK(ZwQueryInformationFile(file, &iosb, &word, 4, FileRenameInformation) ==
          STATUS_INVALID_INFO_CLASS);
    CHECK(ZwClose(file) == 0);
    CHECK(ZwReadFile(file, NULL, NULL, NULL, &iosb, &word, 4, NULL, NULL) == STATUS_INVALID_HANDLE);
    CHECK(ZwCreateEvent(&event, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE) == 0);
    CHECK(ZwFlushBuffersFile(event, &iosb) == STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(ZwClose(event) == 0);
    RtlInitUnicodeString(&name, L"\\Device\\HarddiskVolume1\\a");
    InitializeObjectAttributes(&attributes, &name, 0, NULL, NULL);
    CHECK(ZwOpenFile(&file, GENERIC_READ, &attributes, &iosb, 0, 0) ==
          STATUS_OBJECT_NAME_NOT_FOUND);
}

/* "\??\C:\…" is the path without its drive. */
static void
drive(struct rt *rt)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING string;
    uint16_t wide[200];
    char path[160];

    (void)rt;
    fresh();
    CHECK(open_file("a", FILE_CREATE, 0) == STATUS_SUCCESS && ZwClose(file) == 0);
    snprintf(path, sizeof(path), "\\DosDevices\\C:%s/a", folder);
    for (char *c = path; *c; c++)
        *c = *c == '/' ? '\\' : *c;
    nt_utf16_from_utf8(wide, 200, path, strlen(path));
    RtlInitUnicodeString(&string, (PCWSTR)wide);
    InitializeObjectAttributes(&attributes, &string, 0, NULL, NULL);
    CHECK(ZwOpenFile(&file, GENERIC_READ, &attributes, &iosb, FILE_SHARE_READ, 0) ==
          STATUS_SUCCESS);
    CHECK(ZwClose(file) == 0);
}

int
main(void)
{
    strcpy(folder, "nt_file_XXXXXX");
    CHECK(mkdtemp(folder));
    char *whole = realpath(folder, NULL);
    CHECK(whole && strlen(whole) < 100);
    char relative[64];
    strcpy(relative, folder);
    test_both(dispositions);
    test_both(transfers);
    test_both(holes);
    test_both(wrong);
    if (strlen(whole) < sizeof(folder)) {
        strcpy(folder, whole);
        test_both(drive);
    }
    free(whole);
    fresh();
    rmdir(relative);
    return 0;
}
