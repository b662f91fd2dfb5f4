"""Binance's archive of the local exchange's own market: files, and S3's listing of them.

```
population -> holdings         which symbols there ever were, and their candles
calendar                       which days and months have a file, and when it is published
contents -> damage -> zips     what is in a file: CSV, spoiled where defects say so, packed
series -> tree                 the files of one folder; all folders, in the order of their keys
store                          files made on demand, those asked for last kept
listing, failures, files       S3's XML (xml_text, errors), right and wrong; GET and HEAD of a file
page                           what the host of files shows to browsers
defect_kinds                   what can be wrong, and a seeded plan of it
archive                        all of it, behind one door
```
"""
