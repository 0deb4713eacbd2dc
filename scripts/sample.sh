#!/usr/bin/env bash
# Makes the sample in www/sample: a shoal at sea, 64 s, in three renditions and one audio track, as HLS with fMP4.
# Everything is drawn and sounded by ffmpeg's own sources; nothing is downloaded. Needs ffmpeg with libx264 and a font.
# It is run by hand when the sample should change; the result is in git, so that `npm start` needs no ffmpeg.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=64
rate=24
segment=4                 # seconds; a key frame every half of it, and no B frames, so that picture and sound both begin at 0
out=www/sample
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The sea is smooth, so it is computed small and enlarged: depth, slow swell, and light that falls in from above.
sea="color=c=black:s=160x90:r=$rate:d=$seconds,format=gbrp,geq=\
r='12+46*pow(1-Y/H,2)+22*pow(max(0,sin(X/19-Y/34+0.35*T)*sin(X/31-Y/47-0.22*T)),2)*(1-Y/H)':\
g='44+96*pow(1-Y/H,1.3)+5*sin(X/23+0.5*T)*sin(Y/17-0.31*T)+34*pow(max(0,sin(X/19-Y/34+0.35*T)*sin(X/31-Y/47-0.22*T)),2)*(1-Y/H)':\
b='84+84*pow(1-Y/H,1.1)+6*sin(X/29-0.4*T)+24*pow(max(0,sin(X/19-Y/34+0.35*T)*sin(X/31-Y/47-0.22*T)),2)*(1-Y/H)',\
scale=640:360:flags=bicubic,format=yuv420p"

# One fish: an ellipse with a fork for a tail and an eye; its opacity fades at the edge.
body='clip(1.6-1.6*hypot((X-62)/34,(Y-24)/12.5),0,1)'
tail='between(X,6,32)*clip((abs(X-32)*0.62-abs(Y-24))/3+0.6,0,1)*clip((X-6-max(0,9-abs(Y-24))*0.9)/3,0,1)'
eye='lt(hypot(X-83,Y-20),2.4)'
ffmpeg -hide_banner -loglevel error -f lavfi -i "color=c=black:s=104x48,format=gbrap,geq=\
r='if($eye,18,226-3.0*abs(Y-12))':g='if($eye,34,206-2.2*abs(Y-12))':b='if($eye,52,150-1.2*abs(Y-12))':\
a='255*clip(($body)*2+($tail),0,1)'" -frames:v 1 "$work/fish.png"

# Each fish: width in pixels, speed in pixels a second, start, height, depth of its swing.
shoal=(
  "18 21 40 92 7" "20 23 300 70 8" "22 24 520 120 6" "26 28 120 150 10" "28 29 210 118 9" "30 30 300 160 11"
  "30 31 392 128 10" "34 33 60 214 12" "36 34 178 186 12" "38 35 300 226 13" "40 36 430 196 12" "46 40 120 268 14"
  "50 42 320 284 15" "56 45 540 250 16"
)
graph="[0:v]null[sea0];[1:v]split=${#shoal[@]}"
for i in "${!shoal[@]}"; do graph+="[f$i]"; done
for i in "${!shoal[@]}"; do
  read -r width speed start height swing <<<"${shoal[$i]}"
  phase=$(awk "BEGIN { print $i * 0.9 }")
  fade=$(awk "BEGIN { print 0.35 + 0.0115 * $width }")
  graph+=";[f$i]scale=$width:-1:flags=lanczos,format=yuva420p,colorchannelmixer=aa=$fade[s$i]"
  graph+=";[sea$i][s$i]overlay=shortest=1:x='mod($start+$speed*t+14*sin(0.31*t+$phase)\,760)-80':y='$height+$swing*sin(0.45*t+$phase)'[sea$((i + 1))]"
done
clock="drawtext=font='DejaVu Sans':fontsize=30:fontcolor=white@0.88:shadowcolor=black@0.35:shadowx=1:shadowy=1"
clock+=":x=w-tw-24:y=h-th-22:text='%{eif\:trunc(t/60)\:d\:2}\:%{eif\:mod(trunc(t)\,60)\:d\:2}'"
title="drawtext=font='DejaVu Sans':fontsize=22:fontcolor=white@0.72:shadowcolor=black@0.3:shadowx=1:shadowy=1:x=24:y=h-th-25:text='shoal'"
graph+=";[sea${#shoal[@]}]$title,$clock,fade=in:0:12,split=3[a][b0][c0];[b0]scale=426:240:flags=lanczos[b];[c0]scale=256:144:flags=lanczos[c]"

# Four quiet chords, each swelling over sixteen seconds into the next, above a slow surf.
tone() { printf '(%s)*pow(sin(PI*mod(t+%d\,32)/16)\,2)*lt(mod(t+%d\,32)\,16)' "$1" "$2" "$2"; }
chord() { local sum=0 hertz; for hertz in "$@"; do sum+="+sin(2*PI*$hertz*t)+0.3*sin(4*PI*$hertz*t+sin(0.9*t))"; done; printf '%s' "$sum"; }
pads="$(tone "$(chord 130.81 196.00 246.94 329.63)" 8)+$(tone "$(chord 110.00 164.81 220.00 261.63)" 0)"
pads+="+$(tone "$(chord 87.31 174.61 220.00 329.63)" 24)+$(tone "$(chord 98.00 146.83 246.94 293.66)" 16)"
sound="aevalsrc='0.07*($pads)':s=48000:d=$seconds[pad];anoisesrc=color=brown:amplitude=0.5:r=48000:d=$seconds:seed=3,lowpass=f=420,\
tremolo=f=0.11:d=0.7,volume=0.5[surf];[pad][surf]amix=inputs=2:normalize=0,aecho=0.8:0.5:190|370:0.25|0.15,\
afade=in:d=2,afade=out:st=$((seconds - 3)):d=3,atrim=0:$(awk "BEGIN { print $seconds - 0.05 }"),pan=stereo|c0=c0|c1=c0"

rm -rf "$out"/{360p,240p,144p,audio,master.m3u8}
mkdir -p "$out"
ffmpeg -hide_banner -loglevel error -y \
  -f lavfi -i "$sea" -loop 1 -framerate "$rate" -i "$work/fish.png" -filter_complex "$graph;$sound[sound]" \
  -map '[a]' -map '[b]' -map '[c]' -map '[sound]' -t "$seconds" \
  -c:v libx264 -preset veryslow -profile:v high -pix_fmt yuv420p -g $((rate * segment / 2)) -keyint_min $((rate * segment / 2)) -sc_threshold 0 -bf 0 \
  -b:v:0 380k -maxrate:v:0 460k -bufsize:v:0 920k -b:v:1 170k -maxrate:v:1 210k -bufsize:v:1 420k -b:v:2 75k -maxrate:v:2 95k -bufsize:v:2 190k \
  -c:a aac -ac 2 -b:a 48k -bitexact -fflags +bitexact -flags:v +bitexact -flags:a +bitexact \
  -f hls -hls_time "$segment" -hls_playlist_type vod -hls_segment_type fmp4 -hls_flags independent_segments \
  -hls_fmp4_init_filename init.mp4 -hls_segment_filename "$out/%v/%03d.m4s" -master_pl_name master.m3u8 \
  -var_stream_map 'v:0,agroup:sound,name:360p v:1,agroup:sound,name:240p v:2,agroup:sound,name:144p a:0,agroup:sound,default:yes,language:en,name:audio' \
  "$out/%v/playlist.m3u8"

du -sb "$out"
