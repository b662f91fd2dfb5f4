"""One HTTP request, to the last fault.

```
transports -> transport: libcurl (curl_transport) where installed, else requests_transport
    routes (proxies), authorities (certificates), resolver, connections, watchdog (deadline)
    reply_body: sizes, unpacking
```
"""
