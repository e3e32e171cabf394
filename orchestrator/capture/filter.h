/* An expression of pcap-filter(7) becomes BPF. */
#pragma once
#include <linux/filter.h>

/* What it accepts, it accepts up to snaplen bytes. */
struct sock_fprog compile_filter(const char *expression, unsigned snaplen);
