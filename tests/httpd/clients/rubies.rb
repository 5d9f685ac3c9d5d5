# Licensed under the Apache License, Version 2.0; see LICENSE.
# rubies.rb LIBRARY USER PASSWORD URL...
library, user, password, *urls = ARGV
CERTIFICATE = ENV.fetch('SSL_CERT_FILE')

def httpclient(user, password, url)
  require 'httpclient'
  client = HTTPClient.new
  client.ssl_config.clear_cert_store
  client.ssl_config.add_trust_ca(CERTIFICATE)
  client.set_auth(url, user, password)
  client.get(url)
end

def mechanize(user, password, url)
  require 'mechanize'
  agent = Mechanize.new
  agent.ca_file = CERTIFICATE
  agent.add_auth(url, user, password)
  agent.get(url)
end

urls.each do |url|
  send(library, user, password, url)
rescue StandardError => e
  warn "#{url}: #{e.class}: #{e.message}"
end
