/* An image that needs two routines which nobody has. */
int DriverEntry(void);
int StorPortNobodyHasThis(int);
int StorPortNorThat(int);

int
DriverEntry(void)
{
    return StorPortNobodyHasThis(1) + StorPortNorThat(2);
}
