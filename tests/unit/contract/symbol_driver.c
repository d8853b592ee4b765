/* A driver image for symbol.c: calls back from a line that the test knows. */
int driver_entry(int (*back)(void), int (*inner)(int));
extern int driver_line;

__attribute__((visibility("default"))) int driver_line;

/* Inlined: its name must be found all the same. */
static inline __attribute__((always_inline)) int
driver_inner(int (*back)(void))
{
    int answer;

    answer = back(), driver_line = __LINE__;
    __asm__ volatile("");
    return answer + 1;
}

__attribute__((visibility("default"))) int
driver_entry(int (*back)(void), int (*inner)(int))
{
    return inner(driver_inner(back));
}
