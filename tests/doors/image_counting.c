/* An image with a global: DriverEntry says how often it was called in this copy. */
int DriverEntry(void);

static int calls;

int
DriverEntry(void)
{
    return ++calls;
}
