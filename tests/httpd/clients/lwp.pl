#!/usr/bin/perl
# Licensed under the Apache License, Version 2.0; see LICENSE.
# lwp.pl USER PASSWORD URL...
use strict;
use warnings;
use LWP::UserAgent;

package Agent;
our @ISA = ('LWP::UserAgent');
my ($user, $password, @urls) = @ARGV;

sub get_basic_credentials { return ($user, $password) }

for my $url (@urls) {
    my $agent = Agent->new(timeout => 10);
    $agent->ssl_opts(SSL_ca_file => $ENV{SSL_CERT_FILE});
    $agent->get($url);
}
