#include "filter.h"
#include "fail.h"

#include <pcap/pcap.h>

/* The kernel's instructions (linux/filter.h) are those of libpcap (pcap/bpf.h) by another name. */
_Static_assert(sizeof(struct sock_filter) == sizeof(struct bpf_insn), "BPF instructions differ");

struct sock_fprog compile_filter(const char *expression, unsigned snaplen)
{
    pcap_t *compiler = pcap_open_dead(DLT_EN10MB, (int)snaplen);
    if (!compiler)
        fail("out of memory");
    struct bpf_program program;
    if (pcap_compile(compiler, &program, expression, 1, PCAP_NETMASK_UNKNOWN) != 0)
        refuse("filter '%s': %s", expression, pcap_geterr(compiler));
    pcap_close(compiler);
    if (program.bf_len > BPF_MAXINSNS)
        refuse("filter '%s': longer than the kernel takes", expression);
    return (struct sock_fprog){
        .len = (unsigned short)program.bf_len,
        .filter = (struct sock_filter *)program.bf_insns,
    };
}
