// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the shell's.

import { deflateRawSync } from "node:zlib";

/**
 * What a job's image may have, and the program that looks with it.
 *
 * Each program does the same and knows nothing of checks: it reads from its arguments the host, the seconds that it has, and the
 * exchanges of `exchange.ts`; it sends these, and prints every reply as it came. What a reply means is read in one place, on this
 * machine. A password is in the service's own variables alone, and nothing of it is printed.
 */
export interface Interpreter {
  readonly name: string;
  /** Arguments with which it ends well where it is whole and new enough. */
  readonly trial: readonly string[];
  /** Arguments before those of the program. Where the language can unpack it, it is packed: a job's command is one line. */
  readonly program: readonly string[];
}

/** In the order in which they are tried. */
export const INTERPRETERS: readonly Interpreter[] = [
  {
    name: "node",
    trial: ["-e", 'if(process.versions.node.split(".")[0]<18)throw 0'],
    program: ["-e", nodeScript(node())],
  },
  {
    name: "python3",
    trial: ["-c", "import base64,re,socket,sys,zlib;sys.exit(sys.version_info<(3,5))"],
    program: ["-c", `import base64,zlib;exec(zlib.decompress(base64.b64decode("${packed(python())}"),-15))`],
  },
  {
    name: "ruby",
    trial: ["-rsocket", "-rzlib", "-e", "exit RUBY_VERSION>=%(2.4)"],
    program: [
      ...["-rsocket", "-rzlib", "-e"],
      `eval(Zlib::Inflate.new(-15).inflate("${packed(ruby())}".unpack1("m")).force_encoding("UTF-8"))`,
    ],
  },
  {
    name: "php",
    trial: ["-r", 'exit(PHP_VERSION_ID>=70300&&function_exists("gzinflate")?0:1);'],
    program: ["-r", `eval(gzinflate(base64_decode("${packed(php())}")));`, "--"],
  },
  {
    name: "perl",
    trial: ["-MIO::Socket::INET", "-MPOSIX", "-e", "exit((POSIX::uname())[4]!~/^(x86_64|aarch64)$/)"],
    program: ["-MIO::Socket::INET", "-MPOSIX", "-e", inOneLine(perl())],
  },
  { name: "bash", trial: ["-c", "((BASH_VERSINFO>=4))"], program: ["-c", inOneLine(bash()), "bash"] },
];

/** A script as an argument for Node. */
export function nodeScript(script: string): string {
  return `eval(require("zlib").inflateRawSync(Buffer.from("${packed(script)}","base64")).toString())`;
}

function packed(program: string): string {
  return deflateRawSync(program.trim()).toString("base64");
}

function inOneLine(program: string): string {
  return program.trim().replaceAll(/\n */g, " ");
}

function node(): string {
  return String.raw`
const net=require("net"),[host,seconds,steps]=process.argv.slice(1),end=Date.now()+seconds*1e3;
const links=new Map(),first=new Map(),over=new Set(),out=[];let login=[];
const decode=w=>{try{return decodeURIComponent(w)}catch{return w}};
for(const value of Object.values(process.env)){
 const found=RegExp("^redis://(?:([^:]*):)?(.+)@"+host+"(?::6379)?(?:/.*)?$","s").exec(value);
 if(found)login=found.slice(1).filter(Boolean).map(decode);
}
const plain=raw=>raw.replace(/\r\n|[^!-~]|[@^|]/g,m=>({"\r\n":"@"," ":"^"})[m]||"?");
async function more(l){
 if(l.error)throw l.error;
 let timer;
 await new Promise((ok,no)=>{timer=setTimeout(no,5e3,{code:"ETIMEDOUT"});l.wake=ok});
 clearTimeout(timer);
}
async function take(l,n){
 while(l.bytes.length<n)await more(l);
 const taken=l.bytes.subarray(0,n);
 l.bytes=l.bytes.subarray(n);
 return taken.toString("latin1");
}
async function reply(l){
 let at,m;
 while((at=l.bytes.indexOf("\r\n"))<0)await more(l);
 let text=await take(l,at+2);
 if(m=/^\$(\d{1,8})\r/.exec(text))text+=await take(l,+m[1]+2);
 else if(m=/^\*(\d{1,4})\r/.exec(text))for(let i=0;i<m[1];i++)text+=await reply(l);
 return text;
}
async function connect(c){
 const socket=net.connect({host,port:6379}).setNoDelay(),l={socket,bytes:Buffer.alloc(0),wake(){}};
 const broken=error=>{l.error=l.error||error;l.wake()};
 let connected;
 socket.on("error",broken).on("close",()=>broken({code:"ECONNRESET"})).on("connect",()=>{connected=true;l.wake()});
 socket.on("data",bytes=>{l.bytes=Buffer.concat([l.bytes,bytes]);l.wake()});
 links.set(c,l);
 while(!connected)await more(l);
 if(c<"a"||!login.length)return;
 const words=["AUTH",...login];
 socket.write("*"+words.length+"\r\n"+words.map(w=>"$"+Buffer.byteLength(w)+"\r\n"+w+"\r\n").join(""));
 let line=await reply(l);
 for(const w of login)line=line.replaceAll(Buffer.from(w).toString("latin1"),"");
 out.push("L^"+plain((/^[+-][^\x27"\x60\r]*/.exec(line)||["-ERR"])[0]+"\r\n"));
}
async function answer(c,count,text){
 let begin=performance.now(),got="";
 try{
  if(Date.now()>end)return "0^!STOPPED";
  if(!links.has(c))await connect(c);
  const l=links.get(c);
  if(typeof l=="string")return "0^"+l;
  text=text.replace(/\[(\d+)\^(\d+)\^([^\]]*)\]/g,(_,from,to,unit)=>{
   let all="";
   for(let i=+from;i<to;i++)all+=unit.replaceAll("%",String(i).padStart(3,0));
   return all;
  });
  begin=performance.now();
  l.socket.write(text.replaceAll("@","\r\n").replaceAll("^"," "));
  while(count-->0)got+=await reply(l);
  got=plain(got);
 }catch(error){
  if(!error.code)throw error;
  const l=links.get(c);
  if(l&&l.socket)l.socket.destroy();
  links.set(c,got="!"+error.code);
 }
 return Math.round((performance.now()-begin)*1e3)+"^"+got;
}
async function step(c,count,guard,text){
 for(let turn=0;;turn++){
  const got=await answer(c,count,text);
  let pause=0;
  if(guard=="*"){
   if(/^\d+\^(!(?!STOPPED)|-(LOADING|BUSY|MASTERDOWN|ERR.max))/.test(got)&&Date.now()<end-1e3){pause=1e3;links.clear()}
  }else if(!"-!".includes(guard)){
   const seen=String(got.match(/(?:total_connections_received|evicted_keys):\d+/g));
   if(RegExp(guard).test(got)&&(first.get(c)||seen)==seen)first.set(c,seen);
   else if(first.has(c)||turn>9)over.add(c);
   else pause=100;
  }
  if(!pause)return got;
  await new Promise(ok=>setTimeout(ok,pause));
 }
}
(async()=>{
 for(const one of steps.split("|")){
  const [c,count,guard,text]=one.split(" ");
  if(count=="0"){
   const l=links.get(c);
   if(l&&l.socket)l.socket.destroy();
   links.delete(c);
   out.push("0^");
  }else if(guard=="!"&&!first.has(c)||!"-*!".includes(guard)&&over.has(c))out.push("0^");
  else out.push(await step(c,+count,guard,text));
 }
 const parts=out.join("|").match(/.{1,900}/g);
 parts.forEach((part,i)=>console.log("render-redis-check node "+(i+1)+"/"+parts.length+" "+part));
})()`;
}

function python(): string {
  return String.raw`
import errno,os,re,socket,sys,time
host,seconds,steps=sys.argv[1:]
end=time.time()+float(seconds)
login=[]
for value in os.environ.values():
 found=re.match("redis://(?:([^:]*):)?(.+)@%s(?::6379)?(?:/.*)?$"%host,value,re.S)
 if found:login=[re.sub(b"%([0-9a-fA-F]{2})",lambda h:bytes([int(h.group(1),16)]),os.fsencode(w)) for w in found.groups() if w]
links={};first={};over=set();out=[]
def plain(raw):
 return re.sub(br"\r\n|[^!-~]|[@^|]",lambda m:{b"\r\n":b"@",b" ":b"^"}.get(m.group(),b"?"),raw).decode()
def reply(f):
 line=f.readline()
 if line[-2:]!=b"\r\n":raise OSError(104,"")
 if re.match(br"\$\d{1,8}\r",line):line+=f.read(int(line[1:])+2)
 elif re.match(br"\*\d{1,4}\r",line):
  for _ in range(int(line[1:])):line+=reply(f)
 return line
def connect(c):
 s=socket.create_connection((host,6379),5)
 s.settimeout(5)
 links[c]=(s,s.makefile("rb"))
 if c.islower() and login:
  words=[b"AUTH"]+login
  s.sendall(b"*%d\r\n"%len(words)+b"".join(b"$%d\r\n%s\r\n"%(len(w),w) for w in words))
  line=reply(links[c][1])
  for w in login:line=line.replace(w,b"")
  said=re.match(b"[+-][^\x27\"\x60\r]*",line)
  out.append("L^"+plain((said.group() if said else b"-ERR")+b"\r\n"))
def many(m):
 return "".join(m.group(3).replace("%","%03d"%i) for i in range(int(m.group(1)),int(m.group(2))))
def answer(c,count,text):
 begin=time.time()
 try:
  if begin>end:return "0^!STOPPED"
  if c not in links:connect(c)
  if isinstance(links[c],str):return "0^"+links[c]
  text=re.sub(r"\[(\d+)\^(\d+)\^([^\]]*)\]",many,text).replace("@","\r\n").replace("^"," ")
  begin=time.time()
  links[c][0].sendall(text.encode())
  got=plain(b"".join([reply(links[c][1]) for _ in range(count)]))
 except OSError as e:
  got=links[c]="!ENOTFOUND" if isinstance(e,socket.gaierror) else "!ETIMEDOUT" if isinstance(e,socket.timeout) else "!%d"%(e.errno or 104)
 return "%d^%s"%((time.time()-begin)*1e6,got)
def step(c,count,guard,text):
 for turn in range(9999):
  got=answer(c,count,text)
  pause=0
  if guard=="*":
   if re.match(r"\d+\^(!(?!STOPPED)|-(LOADING|BUSY|MASTERDOWN|ERR.max))",got) and time.time()<end-1:
    pause=1;links.clear()
  elif guard not in "-!":
   seen=re.findall(r"(?:total_connections_received|evicted_keys):\d+",got)
   if re.search(guard,got) and first.get(c,seen)==seen:first[c]=seen
   elif c in first or turn>9:over.add(c)
   else:pause=.1
  if not pause:return got
  time.sleep(pause)
for one in steps.split("|"):
 c,count,guard,text=one.split(" ")
 if count=="0":
  for part in links.pop(c,()):
   if not isinstance(part,str):part.close()
  out.append("0^")
 elif guard=="!" and c not in first or guard not in "-*!" and c in over:out.append("0^")
 else:out.append(step(c,int(count),guard,text))
text="|".join(out)
for at in range(0,len(text),900):print("render-redis-check python3 %d/%d %s"%(at//900+1,(len(text)+899)//900,text[at:at+900]))`;
}

function ruby(): string {
  return String.raw`
host,seconds,steps=ARGV; now=lambda{Process.clock_gettime(Process::CLOCK_MONOTONIC)}; last=now.()+seconds.to_f;
login=[]; ENV.each_value{|v| f=/\Aredis:\/\/(?:([^:]*):)?(.+)@#{host}(?::6379)?(?:\/.*)?\z/mn.match(v.b);
 login=[f[1],f[2]].compact.reject(&:empty?).map{|w| w.gsub(/%([0-9a-f]{2})/i){$1.hex.chr}} if f};
links={}; first={}; over={}; out=[];
plain=lambda{|raw| raw.gsub(/\r\n|[^!-~]|[@^|]/n){|m| {"\r\n"=>"@"," "=>"^"}[m]||"?"}};
read=lambda{|s,n| IO.select([s],nil,nil,5) or raise Errno::ETIMEDOUT; n ? s.readpartial(n) : s.gets("\r\n",65536)};
reply=lambda{|s| line=read.(s,nil).to_s.b; line.end_with?("\r\n") or raise Errno::ECONNRESET;
 if line=~/\A\$(\d{1,8})\r/; left=$1.to_i+2; while left>0; part=read.(s,left); left-=part.bytesize; line<<part.b; end;
 elsif line=~/\A\*(\d{1,4})\r/; $1.to_i.times{line<<reply.(s)}; end; line};
connect=lambda{|c| s=links[c]=Socket.tcp(host,6379,connect_timeout: 5);
 if c=~/[a-z]/&&!login.empty?; w=["AUTH",*login]; s.write("*#{w.size}\r\n"+w.map{|x| "$#{x.bytesize}\r\n#{x}\r\n".b}.join);
 line=reply.(s); login.each{|x| line=line.gsub(x.b,"")}; out<<"L^"+plain.((line[/\A[+-][^\x27"\x60\r]*/n]||"-ERR")+"\r\n"); end};
answer=lambda{|c,count,text| t=now.(); begin;
 next "0^!STOPPED" if t>last; connect.(c) unless links[c]; next "0^"+links[c] if String===links[c];
 text=text.gsub(/\[(\d+)\^(\d+)\^([^\]]*)\]/){u=$3; ($1.to_i...$2.to_i).map{|i| u.gsub("%","%03d"%i)}.join};
 t=now.(); links[c].write(text.gsub("@","\r\n").gsub("^"," ")); got=plain.((1..count).map{reply.(links[c])}.join);
 rescue SystemCallError => e; got=links[c]="!#{e.errno}";
 rescue EOFError; got=links[c]="!104";
 rescue SocketError; got=links[c]="!ENOTFOUND"; end; "#{((now.()-t)*1e6).to_i}^#{got}"};
steps.split("|").each{|one| c,count,guard,text=one.split(" ",4);
 if count=="0"; s=links.delete(c); s.close if s.respond_to?(:close); out<<"0^"; next; end;
 if guard=="!"&&!first[c]||!"-*!".include?(guard)&&over[c]; out<<"0^"; next; end;
 turn=0; loop{got=answer.(c,count.to_i,text); pause=0;
 if guard=="*"; if got=~/\A\d+\^(!(?!STOPPED)|-(LOADING|BUSY|MASTERDOWN|ERR.max))/&&now.()<last-1; pause=1; links.clear; end;
 elsif !"-!".include?(guard); seen=got.scan(/(?:total_connections_received|evicted_keys):\d+/);
 if got=~/#{guard}/&&(first[c]||seen)==seen; first[c]=seen; elsif first[c]||turn>9; over[c]=true; else; pause=0.1; end; end;
 turn+=1; if pause==0; out<<got; break; end; sleep pause}};
text=out.join("|"); parts=text.scan(/.{1,900}/); parts.each_with_index{|p,i| puts "render-redis-check ruby #{i+1}/#{parts.size} #{p}"}`;
}

function php(): string {
  return String.raw`
[$host,$seconds,$steps]=array_slice($argv,1); $end=microtime(true)+$seconds; $login=[]; error_reporting(0); ini_set("pcre.jit","0");
foreach(getenv() as $v) if(preg_match("~^redis://(?:([^:]*):)?(.+)@".preg_quote($host)."(?::6379)?(?:/.*)?$~s",$v,$f))
 $login=array_map("rawurldecode",array_values(array_filter([$f[1],$f[2]],"strlen")));
$links=[]; $first=[]; $over=[]; $out=[];
function plain($raw){return preg_replace_callback("/\r\n|[^!-\x7e]|[@^|]/",function($m){return ["\r\n"=>"@"," "=>"^"][$m[0]]??"?";},$raw);}
function lost($s){throw new Exception(stream_get_meta_data($s)["timed_out"]?"!ETIMEDOUT":"!104");}
function reply($s){$line=fgets($s); if($line===false||substr($line,-2)!=="\r\n") lost($s);
 if(preg_match("/^\\$(\\d{1,8})\r/",$line,$m)){$left=$m[1]+2; while($left>0){$part=fread($s,$left); if($part===false||$part==="") lost($s); $left-=strlen($part); $line.=$part;}}
 elseif(preg_match("/^\\*(\\d{1,4})\r/",$line,$m)) for($i=0;$i<$m[1];$i++) $line.=reply($s);
 return $line;}
function link_($c){global $host,$links,$login,$out; $s=stream_socket_client("tcp://$host:6379",$no,$why,5);
 if(!$s) throw new Exception($no?"!$no":"!ENOTFOUND"); stream_set_timeout($s,5); $links[$c]=$s;
 if(ctype_lower($c)&&$login){$w=array_merge(["AUTH"],$login); $t="*".count($w)."\r\n"; foreach($w as $x) $t.="$".strlen($x)."\r\n$x\r\n"; fwrite($s,$t);
 $line=str_replace($login,"",reply($s)); $out[]="L^".plain((preg_match("/^[+-][^\x27\"\x60\r]*/",$line,$m)?$m[0]:"-ERR")."\r\n");}}
function answer($c,$count,$text){global $links,$end; $t=microtime(true); try{
 if($t>$end) return "0^!STOPPED"; if(!isset($links[$c])) link_($c); if(is_string($links[$c])) return "0^".$links[$c];
 $text=preg_replace_callback("/\\[(\\d+)\\^(\\d+)\\^([^\\]]*)\\]/",function($m){$all=""; for($i=+$m[1];$i<$m[2];$i++) $all.=str_replace("%",sprintf("%03d",$i),$m[3]); return $all;},$text);
 $t=microtime(true); if(fwrite($links[$c],str_replace(["@","^"],["\r\n"," "],$text))===false) lost($links[$c]);
 $got=""; while($count-->0) $got.=reply($links[$c]); $got=plain($got);}
 catch(Exception $e){$got=$links[$c]=$e->getMessage();} return (int)((microtime(true)-$t)*1e6)."^".$got;}
foreach(explode("|",$steps) as $one){[$c,$count,$guard,$text]=explode(" ",$one,4); $free=strpos("-*!",$guard)!==false;
 if($count==="0"){if(is_resource($links[$c]??0)) fclose($links[$c]); unset($links[$c]); $out[]="0^"; continue;}
 if($guard==="!"&&!isset($first[$c])||!$free&&isset($over[$c])){$out[]="0^"; continue;}
 for($turn=0;;$turn++){$got=answer($c,+$count,$text); $pause=0;
 if($guard==="*"){if(preg_match("/^\\d+\\^(!(?!STOPPED)|-(LOADING|BUSY|MASTERDOWN|ERR.max))/",$got)&&microtime(true)<$end-1){$pause=1; $links=[];}}
 elseif(!$free){preg_match_all("/(?:total_connections_received|evicted_keys):\\d+/",$got,$m);
 if(preg_match("/$guard/",$got)&&($first[$c]??$m[0])===$m[0]) $first[$c]=$m[0]; elseif(isset($first[$c])||$turn>9) $over[$c]=1; else $pause=.1;}
 if(!$pause) break; usleep($pause*1000000);} $out[]=$got;}
$parts=str_split(implode("|",$out),900); foreach($parts as $i=>$p) echo "render-redis-check php ",$i+1,"/",count($parts)," $p\n";`;
}

function perl(): string {
  return String.raw`
my($host,$seconds,$steps)=@ARGV; my $clock={x86_64=>96,aarch64=>169}->{(POSIX::uname())[4]}; $SIG{PIPE}="IGNORE";
sub now{my $b="\0"x16; syscall($clock,$b,0); my($s,$u)=unpack "q2",$b; $s+$u/1e6} my $end=now()+$seconds;
my(@login,%links,%first,%over,@out);
for(values %ENV){if(m{^redis://(?:([^:]*):)?(.+)\@\Q$host\E(?::6379)?(?:/.*)?$}s){my @w=($1,$2); @login=map{s/%([0-9a-f]{2})/chr hex $1/gier} grep{defined&&length} @w}}
sub plain{my $raw=shift; $raw=~s/(\r\n)|( )|[^!-~]|[\@^|]/$1?"\@":$2?"^":"?"/ger}
sub lost{die "!".($!{EAGAIN}?"ETIMEDOUT":$!+0||104)."\n"}
sub reply{my $s=shift; $!=0; my $line=<$s>; lost() if !defined $line||$line!~/\r\n$/;
 if($line=~/^\$(\d{1,8})\r/){my $n=$1+2; my $b=""; while(length $b<$n){$!=0; read($s,$b,$n-length $b,length $b) or lost()} $line.=$b}
 elsif($line=~/^\*(\d{1,4})\r/){for(1..$1){$line.=reply($s)}} $line}
sub connect_{my $c=shift; my $s=IO::Socket::INET->new(PeerAddr=>$host,PeerPort=>6379,Timeout=>5) or die $@=~/hostname/?"!ENOTFOUND\n":"!".($!+0||104)."\n";
 $s->setsockopt(Socket::SOL_SOCKET(),Socket::SO_RCVTIMEO(),pack("l!l!",5,0)); binmode $s; $s->autoflush(1); $links{$c}=$s;
 if($c=~/[a-z]/&&@login){my @w=("AUTH",@login); print $s "*".@w."\r\n".join("",map{"\$".length($_)."\r\n$_\r\n"} @w);
 my $line=reply($s); $line=~s/\Q$_\E//g for @login; push @out,"L^".plain(($line=~/^([+-][^\x27"\x60\r]*)/?$1:"-ERR")."\r\n")}}
sub answer{my($c,$count,$text)=@_; my $t=now(); return "0^!STOPPED" if $t>$end; my $got=eval{
 connect_($c) unless $links{$c}; return unless ref $links{$c}; my $s=$links{$c};
 $text=~s/\[(\d+)\^(\d+)\^([^\]]*)\]/my $u=$3; join "",map{my $n=sprintf "%03d",$_; $u=~s{%}{$n}gr} $1..$2-1/ge; $text=~s/\@/\r\n/g; $text=~s/\^/ /g;
 $t=now(); $!=0; print $s $text or lost(); plain(join "",map{reply($s)} 1..$count)};
 if($@){$got=$links{$c}=$@=~/^(!\w+)$/?$1:"!104"} $got//=$links{$c}; int((now()-$t)*1e6)."^$got"}
for(split /\|/,$steps){my($c,$count,$guard,$text)=split / /,$_,4; my $free=$guard=~/^[-*!]$/;
 if($count==0){my $s=delete $links{$c}; close $s if ref $s; push @out,"0^"; next}
 if($guard eq "!"&&!$first{$c}||!$free&&$over{$c}){push @out,"0^"; next}
 for(my $turn=0;;$turn++){my $got=answer($c,$count,$text); my $pause=0;
 if($guard eq "*"){if($got=~/^\d+\^(!(?!STOPPED)|-(LOADING|BUSY|MASTERDOWN|ERR.max))/&&now()<$end-1){$pause=1; %links=()}}
 elsif(!$free){my $seen=join " ",$got=~/(?:total_connections_received|evicted_keys):\d+/g;
 if($got=~/$guard/&&($first{$c}//$seen) eq $seen){$first{$c}=$seen} elsif($first{$c}||$turn>9){$over{$c}=1} else{$pause=.1}}
 if(!$pause){push @out,$got; last} select undef,undef,undef,$pause}}
my @parts=join("|",@out)=~/.{1,900}/g; my $i=0; print "render-redis-check perl ".++$i."/".@parts." $_\n" for @parts;`;
}

function bash(): string {
  return [
    'LC_ALL=C; set -f; trap "" PIPE; host=$1; end=$((SECONDS+$2)); IFS="|"; steps=($3); IFS=" "; declare -A links first over; login=(); out=();',
    'cr=$(printf "\\r\\n."); cr=${cr%.}; quotes=$(printf "\\047\\042\\140"); many="^(.*)\\[([0-9]+)\\^([0-9]+)\\^([^]]*)\\](.*)$"; stats="(total_connections_received:[0-9]+).*(evicted_keys:[0-9]+)";',
    'decode(){ local s=$1 x; d=; while [[ $s =~ ^([^%]*)%([0-9a-fA-F]{2})(.*)$ ]]; do printf -v x "\\\\x${BASH_REMATCH[2]}"; d+=${BASH_REMATCH[1]}$x; s=${BASH_REMATCH[3]}; done; d+=$s; };',
    'while IFS= read -r -d "" v; do if [[ ${v#*=} =~ ^redis://(([^:]*):)?(.+)@$host(:6379)?(/.*)?$ ]]; then a=${BASH_REMATCH[2]}; b=${BASH_REMATCH[3]}; login=(); for w in "$a" "$b"; do if [[ $w ]]; then decode "$w"; login+=("$d"); fi; done; fi; done </proc/self/environ;',
    "now(){ t=${EPOCHREALTIME/./}; };",
    "take(){ local l=${1//[@^|]/?}; l=${l//$cr/@}; l=${l// /^}; r+=${l//[^!-~]/?}; };",
    "fell(){ (($1>128)) && e=!ETIMEDOUT || e=!104; return 1; };",
    'reply(){ local l n; IFS= read -r -t 5 -u $f l || fell $? || return; l=${l%?}; take "$l$cr";',
    'if [[ $l =~ ^[$]([0-9]{1,8})$ ]]; then n=$((10#${BASH_REMATCH[1]}+2)); IFS= read -r -t 5 -N $n -u $f l || fell $? || return; take "$l";',
    "elif [[ $l =~ ^[*]([0-9]{1,4})$ ]]; then for ((n=10#${BASH_REMATCH[1]};n>0;n--)); do reply || return; done; fi; };",
    'connect(){ local m l w; { exec {f}<>"/dev/tcp/$host/6379"; } 2>/dev/null || { m=$({ exec 3<>"/dev/tcp/$host/6379"; } 2>&1); case $m in *refused*) e=!111;; *known*|*resol*|*address*) e=!ENOTFOUND;; *unreachable*) e=!101;; *route*) e=!113;; *timed*) e=!110;; *such*) exit 9;; *) e=!104;; esac; return 1; };',
    'links[$1]=$f; if [[ $1 =~ [a-z] ]] && ((${#login[@]})); then { printf "*%d$cr\\$4$cr%s$cr" $((${#login[@]}+1)) AUTH; for w in "${login[@]}"; do printf "$%d$cr%s$cr" ${#w} "$w"; done; } >&$f;',
    'IFS= read -r -t 5 -u $f l || fell $? || return; for w in "${login[@]}"; do l=${l//"$w"/}; done; l=${l%?}; l=${l%%[$quotes]*}; [[ $l == [+-]* ]] || l=-ERR; r="L^"; take "$l$cr"; out+=("$r"); fi; };',
    'answer(){ local s=$3 u i n; got=0^!STOPPED; ((SECONDS>end)) && return; now; b=$t; r=; e=; f=${links[$1]}; if [[ ! $f ]]; then connect "$1" || links[$1]=$e; f=${links[$1]}; fi; if [[ $f == !* ]]; then got="0^$f"; return; fi;',
    'while [[ $s =~ $many ]]; do u=; n=(x "${BASH_REMATCH[@]}"); for ((i=n[3];i<n[4];i++)); do printf -v d %03d $i; u+=${n[5]//%/$d}; done; s=${n[2]}$u${n[6]}; done;',
    's=${s//@/$cr}; s=${s//^/ }; now; b=$t; r=; printf %s "$s" >&$f 2>/dev/null; for ((n=$2;n>0;n--)); do reply || { links[$1]=$e; r=$e; break; }; done; now; got="$((t-b))^$r"; };',
    "pause(){ IFS= read -r -t $1 -u $z; }; exec {z}<> <(:);",
    'for one in "${steps[@]}"; do a=($one); c=${a[0]}; count=${a[1]}; guard=${a[2]}; text=${a[3]}; f=${links[$c]}; if [[ $count == 0 ]]; then [[ $f == [0-9]* ]] && exec {f}>&-; unset "links[$c]"; out+=(0^); continue; fi;',
    "if [[ $guard == ! && ! ${first[$c]} ]] || [[ $guard != [-*!] && ${over[$c]} ]]; then out+=(0^); continue; fi;",
    'for ((turn=0;;turn++)); do answer "$c" "$count" "$text"; p=0;',
    'if [[ $guard == "*" ]]; then if [[ $got =~ ^[0-9]+\\^(![E0-9]|-(LOADING|BUSY|MASTERDOWN|ERR.max)) ]] && ((SECONDS<end-1)); then p=1; links=(); fi;',
    'elif [[ $guard != [-!] ]]; then seen=; [[ $got =~ $stats ]] && seen="${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"; if [[ $got =~ $guard && ${first[$c]:-$seen} == "$seen" ]]; then first[$c]=$seen; elif [[ ${first[$c]} ]] || ((turn>9)); then over[$c]=1; else p=.1; fi; fi;',
    '[[ $p == 0 ]] && break; pause $p; done; out+=("$got"); done;',
    'IFS="|"; text="${out[*]}"; n=$(((${#text}+899)/900)); for ((i=0;i<n;i++)); do printf "render-redis-check bash %d/%d %s\\n" $((i+1)) $n "${text:i*900:900}"; done',
  ].join(" ");
}
