<?php
// Licensed under the Apache License, Version 2.0; see LICENSE.
// curl.php USER PASSWORD URL...
[, $user, $password] = $argv;
foreach (array_slice($argv, 3) as $url) {
    $curl = curl_init($url);
    curl_setopt_array($curl, [
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT => 10,
        CURLOPT_CAINFO => getenv('SSL_CERT_FILE'),
        CURLOPT_HTTPAUTH => CURLAUTH_ANY,
        CURLOPT_USERPWD => "$user:$password",
    ]);
    curl_exec($curl);
}
